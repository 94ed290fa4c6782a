/**
 * A backend without a single process: it plays what the conformance suite's own table says its programs do.
 * @module
 */
import type { Backend, ByteSource, Capabilities, Child, ChildExit, SpawnRequest } from "../../src/backend.ts";
import { deferred } from "../../src/deferred.ts";
import { ExecError } from "../../src/errors.ts";
import type { SignalName } from "../../src/signals.ts";
import type { Behaviour, Program, Step } from "../../src/testing/mod.ts";

/** What ends a program in the middle of its steps. */
class Ended extends Error {
  readonly exit: ChildExit;
  constructor(exit: ChildExit) {
    super("ended");
    this.exit = exit;
  }
}

/** Bytes on their way from who writes to who reads; who writes waits for who reads. */
class Channel implements ByteSource {
  #waiting: ((chunk: Uint8Array | null) => void) | undefined;
  #offered: { bytes: Uint8Array; taken: () => void } | undefined;
  #turn: Promise<void> = Promise.resolve();
  #ended = false;
  #shut = deferred<void>();
  #isShut = false;

  async write(bytes: Uint8Array): Promise<void> {
    const before = this.#turn;
    const taken = deferred<void>();
    this.#turn = taken.promise;
    await Promise.race([before, this.#shut.promise]);
    if (this.#isShut) throw new ExecError("stdin_closed", "Nobody reads this any more.");
    if (bytes.length === 0 || this.#ended) return taken.resolve();
    this.#offered = { bytes, taken: taken.resolve };
    this.#deliver();
    await Promise.race([taken.promise, this.#shut.promise]);
    if (this.#isShut) throw new ExecError("stdin_closed", "Nobody reads this any more.");
  }

  read(): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  /** The writer's end: no more will come. */
  async end(): Promise<void> {
    await this.#turn;
    this.#ended = true;
    this.#deliver();
  }

  /** The reader's end: no more is wanted. */
  close(): Promise<void> {
    this.#isShut = true;
    this.#shut.resolve();
    this.#deliver();
    return Promise.resolve();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting || !(this.#isShut || this.#offered || this.#ended)) return;
    this.#waiting = undefined;
    const offered = this.#isShut ? undefined : this.#offered;
    this.#offered = undefined;
    waiting(offered?.bytes ?? null);
    offered?.taken();
  }
}

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

class Played implements Child {
  readonly pid = undefined;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: Channel;
  readonly stderr?: Channel;
  readonly exit: Promise<ChildExit>;
  readonly #request: SpawnRequest;
  readonly #behaviour: Behaviour;
  readonly #input = new Channel();
  readonly #outputs: Partial<Record<"stdout" | "stderr", Channel>> = {};
  readonly #exited = deferred<ChildExit>();
  #interrupt = deferred<never>();
  #buffered = "";
  #isOver = false;
  readonly #background = new Set<(error: Ended) => void>();

  constructor(request: SpawnRequest, behaviour: Behaviour) {
    this.#request = request;
    this.#behaviour = behaviour;
    this.exit = this.#exited.promise;
    if (request.stdin === "pipe") {
      this.stdin = { write: (bytes) => this.#input.write(bytes.slice()), close: () => this.#input.end() };
    } else void this.#input.end();
    if (request.stdout === "pipe") this.stdout = this.#outputs.stdout = new Channel();
    if (request.mergeStderr) this.#outputs.stderr = this.#outputs.stdout!;
    else if (request.stderr === "pipe") this.stderr = this.#outputs.stderr = new Channel();
    void this.#live();
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    const reaction = signal === "SIGKILL" ? undefined : this.#behaviour.onSignal?.[signal];
    if (target === "group") { for (const end of this.#background) end(new Ended({ code: 0, signal })); }
    if (this.#isOver || reaction === "ignore") return;
    const interrupted = this.#interrupt;
    this.#interrupt = deferred();
    if (!reaction) return interrupted.reject(new Ended({ code: 0, signal }));
    const reacting = this.#play(reaction.steps, this.#interrupt.promise);
    const exit = new Ended({ code: reaction.exitCode ?? 0 });
    reacting.then(() => interrupted.reject(exit), (error) => interrupted.reject(error));
  }

  groupGone(): boolean {
    return this.#isOver && this.#background.size === 0;
  }

  async #live(): Promise<void> {
    const { steps, exitCode = 0, killedBy } = this.#behaviour;
    let exit: ChildExit = killedBy ? { code: 0, signal: killedBy } : { code: exitCode };
    try {
      await this.#play(steps, this.#interrupt.promise);
    } catch (error) {
      exit = error instanceof Ended ? error.exit : { code: 0, signal: "SIGPIPE" };
    }
    this.#isOver = true;
    void this.#input.close();
    this.#endOutputs();
    this.#exited.resolve(exit);
  }

  #endOutputs(): void {
    if (!this.groupGone()) return;
    for (const output of new Set(Object.values(this.#outputs))) void output.end();
  }

  async #play(steps: readonly Step[], interrupted: Promise<never>): Promise<void> {
    for (const step of steps) await Promise.race([this.#perform(step, interrupted), interrupted]);
  }

  async #perform(step: Step, interrupted: Promise<never>): Promise<void> {
    if ("write" in step) {
      return await this.#write(this.#outputs[step.write], step.text, step.times ?? 1, interrupted);
    }
    if ("print" in step) {
      const variables = Object.entries(this.#request.env).filter(([, value]) => value !== undefined);
      const text = variables.map(([name, value]) => `${name}=${value}\n`).join("");
      return await this.#write(this.#outputs.stdout, text, 1, interrupted);
    }
    if ("read" in step) return void await this.#line();
    if ("close" in step) return await this.#input.close();
    if ("copy" in step) return await this.#copy(step.copy);
    if ("await" in step) return void await (step.await === "exit" ? this.exit : new Promise<never>(() => {}));
    const ended = deferred<never>();
    this.#background.add(ended.reject);
    void this.#play(step.background, ended.promise).catch(() => {}).then(() => {
      this.#background.delete(ended.reject);
      this.#endOutputs();
    });
  }

  async #write(
    to: Channel | undefined,
    text: string,
    times: number,
    interrupted: Promise<never>,
  ): Promise<void> {
    let over = false;
    interrupted.catch(() => over = true);
    const together = Math.max(1, Math.min(times, Math.floor(65_536 / text.length)));
    const chunk = new TextEncoder().encode(text.repeat(together));
    const unit = chunk.length / together;
    for (let left = times; left > 0 && !over; left -= together) {
      await to?.write(chunk.slice(0, Math.min(left, together) * unit));
      // Whoever writes without a pause must let the world go on.
      if (times === Infinity) await nextTurn();
    }
  }

  async #line(): Promise<string> {
    while (!this.#buffered.includes("\n")) {
      const chunk = await this.#input.read();
      if (chunk === null) break;
      this.#buffered += new TextDecoder().decode(chunk);
    }
    const end = this.#buffered.indexOf("\n") + 1 || this.#buffered.length;
    const line = this.#buffered.slice(0, end);
    this.#buffered = this.#buffered.slice(end);
    return line;
  }

  async #copy(what: "all" | "line" | "sorted lines"): Promise<void> {
    const { stdout } = this.#outputs;
    if (what === "line") return await stdout?.write(new TextEncoder().encode(await this.#line()));
    let all = "";
    for (let chunk = await this.#input.read(); chunk !== null; chunk = await this.#input.read()) {
      if (what === "all") await stdout?.write(chunk);
      else all += new TextDecoder().decode(chunk);
    }
    if (what === "all") return;
    const sorted = all.split("\n").slice(0, -1).sort().map((line) => `${line}\n`).join("");
    await stdout?.write(new TextEncoder().encode(sorted));
  }
}

/** A backend that knows the programs it is taught, by their words, and what they do. */
export class TableBackend implements Backend {
  readonly name = "table";
  readonly capabilities: Capabilities;
  #programs: readonly Program[] = [];

  constructor(capabilities: Partial<Capabilities> = {}) {
    const all = { processGroups: true, mergedOutput: true, killOnHostExit: true, inheritStdio: false };
    this.capabilities = { ...all, ...capabilities, realProcesses: false };
  }

  teach(programs: readonly Program[]): void {
    this.#programs = programs;
  }

  spawn(request: SpawnRequest): Promise<Child> {
    const words = JSON.stringify(request.argv);
    const program = this.#programs.find(({ argv }) => JSON.stringify(argv) === words);
    if (program?.behaviour) return Promise.resolve(new Played(request, program.behaviour));
    return Promise.reject(new ExecError("internal", `The table says nothing of ${words}.`));
  }
}
