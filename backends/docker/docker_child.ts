/**
 * One command in a container of its own.
 * @module
 */
import type { Child, ChildExit, SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import { type SignalName, signalNumber } from "../../src/signals.ts";
import { AttachedStreams } from "./attached_streams.ts";
import { type Engine, EngineError, readJson } from "./engine.ts";
import type { AttachConnection, Response } from "./engine_api.ts";
import { type Limits, LimitWatch } from "./limit_watch.ts";

/** What the init of an engine keeps to itself, and does not pass on to the command. */
const NOT_PASSED_ON: ReadonlySet<SignalName> = new Set<SignalName>([
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGSEGV",
  "SIGSYS",
  "SIGTTIN",
  "SIGTTOU",
]);
/** The time, in ms, that output written before an exit has to arrive after it. */
const LAST_OUTPUT = 5_000;
/** The time, in ms, after which the end of a group is told though the engine still removes the container. */
const REMOVAL = 1_000;
/** How often, and after how many ms, an engine is asked again whether memory ran out. */
const LATE_LOOKS = 20;
const LATE_PAUSE = 50;
/** How often a slow reader's command is looked at, and the time in which an engine answers that has no exit at hand. */
const LOOK = 400;
/** What the engine and the system hold of a command's output at most, in bytes. */
const HELD = 4 * 2 ** 20;
/** Times, in ms, between attempts to hear of a command again whose engine fell silent. */
const RETRIES = [50, 200, 500, 1_000, 2_000];

/** What a child is made of. */
export interface DockerChildOptions {
  readonly engine: Engine;
  readonly id: string;
  readonly request: SpawnRequest;
  readonly connection: AttachConnection | undefined;
  /** The answer to `listenForExit`. */
  readonly exit: Response;
  readonly limits: Limits;
  /** Removes the container, or leaves it; never rejects. */
  readonly cleanUp: () => Promise<void>;
}

/** The container's command, as the core sees it. */
export class DockerChild implements Child {
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: NonNullable<Child["stdout"]>;
  readonly stderr?: NonNullable<Child["stderr"]>;
  readonly exit: Promise<ChildExit>;
  readonly #options: DockerChildOptions;
  readonly #streams: AttachedStreams | undefined;
  readonly #limits: LimitWatch;
  readonly #sent = new Set<SignalName>();
  #over = false;
  #cleanedUp: Promise<void> = Promise.resolve();
  #paused = false;
  #unref = false;

  constructor(options: DockerChildOptions) {
    this.#options = options;
    const { connection, request, limits } = options;
    this.#limits = new LimitWatch(limits);
    if (connection) {
      this.#streams = new AttachedStreams(connection, {
        // Nobody has the other end of a pipe here: the signal is what the kernel would send.
        onWasted: () => this.#sent.has("SIGPIPE") || void this.kill("SIGPIPE").catch(() => {}),
        onStderr: (bytes) => this.#limits.see(bytes),
      });
      if (request.stdin === "pipe") this.stdin = this.#streams.sink();
      if (request.stdout === "pipe") this.stdout = this.#streams.stdout;
      if (request.stderr === "pipe") this.stderr = this.#streams.stderr;
    }
    this.exit = this.#watch();
    this.exit.catch(() => {});
  }

  async kill(signal: SignalName): Promise<void> {
    if (this.#over) return;
    const { engine, id } = this.#options;
    if (NOT_PASSED_ON.has(signal)) {
      const message = `${signal} can't be sent into a container: its init does not pass it on. ` +
        `Send another signal, such as SIGQUIT or SIGUSR1.`;
      throw new ExecError("unsupported", message, { details: { signal } });
    }
    this.#sent.add(signal);
    // While its output is held up the engine takes 2 s to tell of the end, and throws the rest away.
    if (signal === "SIGKILL") this.#streams?.takeAll();
    await unlessEnded(async () => {
      if (signal === "SIGSTOP") {
        await engine.pause(id);
        this.#paused = true;
        return;
      }
      await engine.kill(id, signal);
      if (this.#paused && (signal === "SIGCONT" || signal === "SIGKILL")) {
        this.#paused = false;
        await engine.unpause(id);
      }
    });
  }

  async groupGone(): Promise<boolean> {
    if (!this.#over) return false;
    // The end of its first process is the end of all in a container; what is left of it is a name.
    await within(REMOVAL, this.#cleanedUp);
    return true;
  }

  unref(): void {
    this.#unref = true;
    this.#streams?.unref();
    this.#options.exit.socket?.unref?.();
  }

  async #watch(): Promise<ChildExit> {
    const stopLooking = this.#lookWhileHeldUp();
    try {
      const code = await this.#exitCode(this.#options.exit);
      this.#streams?.takeAll();
      if (this.#streams) await within(LAST_OUTPUT, this.#streams.ended);
      return await this.#told(code);
    } finally {
      this.#over = true;
      stopLooking();
      this.#streams?.destroy();
      this.#cleanedUp = this.#options.cleanUp();
    }
  }

  async #exitCode(response: Response): Promise<number> {
    const { engine, id } = this.#options;
    for (let attempt = 0;; attempt++) {
      try {
        const { StatusCode } = await readJson(response) as { StatusCode?: unknown };
        if (typeof StatusCode === "number") return StatusCode;
      } catch {
        // The connection broke: the engine went away, or was started again.
      }
      const pause = RETRIES[attempt];
      try {
        const { State } = await engine.inspect(id);
        if (!State.Running) return State.ExitCode;
        response = await engine.listenForExit(id);
        if (this.#unref) response.socket?.unref?.();
      } catch (error) {
        if (error instanceof EngineError && error.status === 404) throw this.#removed(error);
        if (pause === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #removed(cause: unknown): ExecError {
    const message =
      `The container of ${JSON.stringify(this.#options.request.argv[0])} was removed by somebody ` +
      `else: how its command ended can't be told.`;
    return new ExecError("backend_unavailable", message, { cause, retryable: false });
  }

  /** The engine says 128 + n for a death by signal n, and so does a command that just exits with that. */
  async #told(code: number): Promise<ChildExit> {
    const { engine, id } = this.#options;
    let outOfMemory = false;
    for (let left = this.#limits.mayBeOutOfMemory(code) ? LATE_LOOKS : 1; code !== 0 && left > 0; left--) {
      const info = await engine.inspect(id).catch(() => undefined);
      outOfMemory = info?.State.OOMKilled === true;
      // Whoever sent SIGKILL from here knows why.
      if (outOfMemory || this.#sent.has("SIGKILL") || left === 1) break;
      await new Promise((resolve) => setTimeout(resolve, LATE_PAUSE));
    }
    const details = this.#limits.details(code, outOfMemory);
    const known = details?.limitReached === "memory" && code === 137 ? "SIGKILL" : undefined;
    const signal = known ?? [...this.#sent].find((each) => code === 128 + signalNumber(each));
    return { code, ...(signal && { signal }), ...(details && { details }) };
  }

  /**
   * The engine throws away what nobody took 2 s after an exit, and tells of the exit only then. Until then it answers
   * no question about the container: so a command that is held up by its reader is asked about, and when no answer
   * comes, what is left is taken.
   */
  #lookWhileHeldUp(): () => void {
    const streams = this.#streams;
    if (!streams) return () => {};
    const { engine, id } = this.#options;
    let looking = false;
    const timer = setInterval(async () => {
      if (looking || !streams.heldUp) return;
      looking = true;
      const late = setTimeout(() => streams.takeMore(HELD), LOOK);
      await engine.inspect(id).catch(() => {});
      clearTimeout(late);
      looking = false;
    }, LOOK);
    timer.unref();
    return () => clearInterval(timer);
  }
}

/** A signal that comes too late is no error: the engine says 404 or 409 of a container that does not run. */
async function unlessEnded(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof EngineError && (error.status === 404 || error.status === 409)) return;
    if (error instanceof EngineError && /not running|no such process|not paused/i.test(error.message)) return;
    throw error;
  }
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise<void>((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}
