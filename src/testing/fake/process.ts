/**
 * A process that only seems to run: what a script does with it, its reader can't tell from the real thing.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest } from "../../backend.ts";
import { after, type Clock } from "../../clock.ts";
import { type Deferred, deferred, ignore } from "../../deferred.ts";
import type { SignalName } from "../../signals.ts";
import { onNextTurn } from "../turn.ts";
import { MemoryPipe } from "./pipe.ts";

/** Signals that do nothing to a process that does not ask for them. */
const HARMLESS: readonly SignalName[] = [
  "SIGCHLD",
  "SIGCONT",
  "SIGURG",
  "SIGWINCH",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
];

/** Writes after which a script waits for the next turn of the event loop. */
const WRITES_A_TURN = 256;

/** Fake process ids are higher than any system gives. */
let lastPid = 2 ** 31;

/** Something in the group of a fake process beside itself. */
interface Descendant {
  readonly end: () => void;
}

/** The child of a fake backend, and the means to play its part. */
export class FakeProcess implements Child {
  readonly pid: number = ++lastPid;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ByteSource;
  readonly stderr?: ByteSource;
  /** Signals that reached it, in order. */
  readonly signals: SignalName[] = [];
  /** Everything that was written to its standard input so far. */
  readonly received: Uint8Array[] = [];
  readonly #clock: Clock;
  readonly #exit: Deferred<ChildExit> = deferred();
  readonly #input = new MemoryPipe();
  readonly #outputs: { readonly stdout: MemoryPipe | undefined; readonly stderr: MemoryPipe | undefined };
  readonly #descendants = new Set<Descendant>();
  readonly #onEnd = new Set<() => void>();
  #handler: ((signal: SignalName) => boolean) | undefined;
  #awaited: { readonly signal: SignalName; readonly finish: () => void } | undefined;
  #ended = false;
  #inputEnded = false;
  #writes = 0;

  constructor(request: SpawnRequest, clock: Clock) {
    this.#clock = clock;
    const stdout = request.stdout === "pipe" ? new MemoryPipe() : undefined;
    const separate = request.stderr === "pipe" && !request.mergeStderr ? new MemoryPipe() : undefined;
    this.#outputs = { stdout, stderr: request.mergeStderr ? stdout : separate };
    if (stdout) this.stdout = stdout;
    if (separate) this.stderr = separate;
    if (request.stdin === "pipe") {
      this.stdin = {
        write: (bytes) => this.#takeInput(bytes),
        close: () => this.#endInput(),
      };
    } else this.#input.drop();
  }

  get exit(): Promise<ChildExit> {
    return this.#exit.promise;
  }

  /** Whether it has ended, or never will. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether anything was ever written to its standard input, or its end was sent. */
  get fed(): boolean {
    return this.received.length > 0 || this.#inputEnded;
  }

  /** The next bytes of its standard input; null at the end. */
  read(): Promise<Uint8Array | null> {
    return this.#input.read();
  }

  /** Closes its standard input: later writes to it fail. */
  closeInput(): void {
    this.#input.close();
  }

  /** Writes output as the process; it dies of SIGPIPE where nobody reads any more. */
  async write(name: "stdout" | "stderr", bytes: Uint8Array): Promise<void> {
    const pipe = this.#outputs[name];
    // A script that writes without end must leave the event loop to others now and then.
    if (++this.#writes % WRITES_A_TURN === 0) await new Promise<void>(onNextTurn);
    if (!pipe || await pipe.write(bytes)) return;
    this.end({ code: 0, signal: "SIGPIPE" });
  }

  /** Waits; ends early when the process does. */
  async sleep(ms: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const cancel = ms === Infinity ? ignore : after(this.#clock, ms, () => finish());
      const finish = () => {
        cancel();
        this.#onEnd.delete(finish);
        resolve();
      };
      this.#onEnd.add(finish);
    });
  }

  /** Decides about signals: an answer of true means that it survives. SIGKILL is not asked about. */
  onSignal(handler: (signal: SignalName) => boolean): void {
    this.#handler = handler;
  }

  /** Waits for a signal, and survives it; ends early when the process does. */
  async survive(signal: SignalName): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        this.#awaited = undefined;
        this.#onEnd.delete(finish);
        resolve();
      };
      this.#awaited = { signal, finish };
      this.#onEnd.add(finish);
    });
  }

  /** Starts something in its group that holds its pipes until `until` settles or the group is killed. */
  background(until: (killed: Promise<void>) => Promise<void>): void {
    const pipes = new Set([this.#outputs.stdout, this.#outputs.stderr].filter((pipe) => pipe !== undefined));
    for (const pipe of pipes) pipe.hold();
    const killed = deferred<void>();
    const descendant: Descendant = {
      end: () => {
        if (!this.#descendants.delete(descendant)) return;
        killed.resolve();
        for (const pipe of pipes) pipe.drop();
      },
    };
    this.#descendants.add(descendant);
    until(killed.promise).then(descendant.end, descendant.end);
  }

  /** As `background`, for a time in ms. */
  holdPipes(ms: number): void {
    this.background((killed) =>
      new Promise((resolve) => {
        const cancel = ms === Infinity ? ignore : after(this.#clock, ms, resolve);
        void killed.then(cancel).then(resolve);
      })
    );
  }

  /** Ends it; nothing happens when it has ended before. */
  end(exit: ChildExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave();
    this.#exit.resolve(exit);
  }

  /** Ends it because its script failed: whoever waits gets the reason. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave();
    this.#exit.reject(error);
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    this.signals.push(signal);
    if (this.#awaited?.signal === signal) this.#awaited.finish();
    else if (!this.#survives(signal)) this.end({ code: 0, signal });
    if (target === "process" || HARMLESS.includes(signal)) return;
    for (const descendant of [...this.#descendants]) descendant.end();
  }

  #survives(signal: SignalName): boolean {
    if (signal === "SIGKILL") return false;
    return this.#handler?.(signal) === true || HARMLESS.includes(signal);
  }

  groupGone(): boolean {
    return this.#ended && this.#descendants.size === 0;
  }

  unref(): void {}

  async #takeInput(bytes: Uint8Array): Promise<void> {
    this.received.push(new Uint8Array(bytes));
    if (this.#ended || !(await this.#input.write(new Uint8Array(bytes)))) throw new Error("write EPIPE");
  }

  #endInput(): Promise<void> {
    if (!this.#inputEnded) this.#input.drop();
    this.#inputEnded = true;
    return Promise.resolve();
  }

  #leave(): void {
    this.#input.close();
    for (const pipe of new Set([this.#outputs.stdout, this.#outputs.stderr])) pipe?.drop();
    for (const wake of [...this.#onEnd]) wake();
  }
}
