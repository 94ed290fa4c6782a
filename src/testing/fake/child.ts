/**
 * A child that only seems to run: whoever reads it can't tell it from a real one.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest } from "../../backend.ts";
import { after, type Clock } from "../../clock.ts";
import { Deferred, ignore } from "../../deferred.ts";
import type { SignalName } from "../../signals.ts";
import { onNextTurn, somethingHappened } from "../turn.ts";
import { MemoryPipe } from "./pipe.ts";

/** Signals that do nothing to a process that does not ask for them. */
const HARMLESS: ReadonlySet<SignalName> = new Set<SignalName>([
  "SIGCHLD",
  "SIGCONT",
  "SIGURG",
  "SIGWINCH",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
]);

/** Writes after which a script waits for the next turn of the event loop. */
const WRITES_A_TURN = 256;

/** Fake process ids are higher than any system gives. */
let lastPid = 2 ** 31;

/** Where a child notes what it is told. */
export interface ChildLog {
  /** A write to its standard input. */
  received(bytes: Uint8Array): void;
  /** The end of its standard input, by its end too. */
  inputEnded(): void;
  /** A signal that something of it got. */
  signalled(signal: SignalName): void;
}

/** What a process does about a signal: it has a handler, it ignores it (and so does what it started), or it dies of it. */
export type SignalReaction = "handles" | "ignores" | "dies";

/** Something in the group of a fake child beside itself. */
interface Descendant {
  readonly end: () => void;
}

/** The child of a fake backend, and the means to play its part. */
export class FakeChild implements Child {
  readonly pid: number = ++lastPid;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ByteSource;
  readonly stderr?: ByteSource;
  readonly #clock: Clock;
  readonly #log: ChildLog;
  readonly #exit: Deferred<ChildExit> = new Deferred();
  readonly exit: Promise<ChildExit> = this.#exit.promise;
  readonly #input: MemoryPipe | undefined;
  readonly #stdout: MemoryPipe | undefined;
  readonly #stderr: MemoryPipe | undefined;
  readonly #descendants = new Set<Descendant>();
  readonly #onEnd = new Set<() => void>();
  #react: (signal: SignalName) => SignalReaction = () => "dies";
  #ended = false;
  #inputEnded = false;
  #writes = 0;

  constructor(request: SpawnRequest, clock: Clock, log: ChildLog) {
    this.#clock = clock;
    this.#log = log;
    const { stdin, stdout, stderr, mergeStderr } = request;
    if (stdout === "pipe") this.stdout = this.#stdout = new MemoryPipe();
    if (mergeStderr) this.#stderr = this.#stdout;
    else if (stderr === "pipe") this.stderr = this.#stderr = new MemoryPipe();
    if (stdin === "pipe") {
      this.#input = new MemoryPipe();
      this.stdin = { write: (bytes) => this.#takeInput(bytes), close: () => this.#endInput() };
    } else {
      // A function that waits for the end of input would wait for ever.
      this.#inputOver();
    }
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next bytes of its standard input; null at the end. */
  read(): Promise<Uint8Array | null> {
    return this.#input?.read() ?? Promise.resolve(null);
  }

  /** Closes its standard input: later writes to it fail. */
  closeInput(): void {
    this.#input?.close();
  }

  /** Writes output, in bytes that are the reader's from now on; answers false when nobody will ever read them. */
  write(name: "stdout" | "stderr", bytes: Uint8Array): boolean | Promise<boolean> {
    const pipe = name === "stdout" ? this.#stdout : this.#stderr;
    const taken = pipe?.write(bytes) ?? true;
    // A script that writes without end must leave the event loop to others now and then.
    return ++this.#writes % WRITES_A_TURN === 0 ? this.#inNextTurn(taken) : taken;
  }

  /** Waits; ends early when the process does. */
  sleep(ms: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise<void>((resolve) => {
      const finish = () => {
        this.#onEnd.delete(finish);
        cancel();
        resolve();
      };
      const cancel = this.#after(ms, finish);
      this.#onEnd.add(finish);
    });
  }

  /** Waits; ends early when `until` settles. */
  async wait(ms: number, until: Promise<void>): Promise<void> {
    let cancel = ignore;
    await Promise.race([until, new Promise<void>((resolve) => cancel = this.#after(ms, resolve))]);
    cancel();
  }

  #after(ms: number, callback: () => void): () => void {
    return ms === Infinity ? ignore : after(this.#clock, ms, callback);
  }

  /** Decides about signals to the process while it runs; SIGKILL is not asked about. */
  onSignal(react: (signal: SignalName) => SignalReaction): void {
    this.#react = react;
  }

  /** Starts something in its group that holds its pipes until `until` settles or a signal to the group ends it. */
  background(until: (killed: Promise<void>) => Promise<void>): void {
    const pipes = new Set([this.#stdout, this.#stderr]);
    for (const pipe of pipes) pipe?.hold();
    const killed = new Deferred<void>();
    const descendant: Descendant = {
      end: () => {
        if (!this.#descendants.delete(descendant)) return;
        killed.resolve();
        for (const pipe of pipes) pipe?.drop();
      },
    };
    this.#descendants.add(descendant);
    until(killed.promise).then(descendant.end, descendant.end);
  }

  /** As `background`, for a time in ms. */
  holdPipes(ms: number): void {
    this.background((killed) => this.wait(ms, killed));
  }

  /** Ends it; nothing happens when it has ended before. */
  end(exit: ChildExit): void {
    if (this.#leave()) this.#exit.resolve(exit);
  }

  /** Ends it because its script failed: whoever waits gets the reason. */
  fail(error: unknown): void {
    if (this.#leave()) this.#exit.reject(error);
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    if (this.groupGone()) return;
    somethingHappened();
    this.#log.signalled(signal);
    const reaction = this.#reactionTo(signal);
    if (reaction === "dies") this.end({ code: 0, signal });
    if (target === "process" || reaction === "ignores") return;
    for (const descendant of [...this.#descendants]) descendant.end();
  }

  #reactionTo(signal: SignalName): SignalReaction {
    if (signal === "SIGKILL") return "dies";
    const reaction = this.#react(signal);
    return reaction === "dies" && HARMLESS.has(signal) ? "ignores" : reaction;
  }

  groupGone(): boolean {
    return this.#ended && this.#descendants.size === 0;
  }

  unref(): void {}

  async #inNextTurn<T>(value: T | Promise<T>): Promise<T> {
    await new Promise<void>(onNextTurn);
    return await value;
  }

  async #takeInput(bytes: Uint8Array): Promise<void> {
    // The bytes are the writer's again afterwards.
    const copy = new Uint8Array(bytes);
    this.#log.received(copy);
    const taken = this.#input!.write(copy);
    if (!(typeof taken === "boolean" ? taken : await taken)) throw new Error("write EPIPE");
  }

  #endInput(): Promise<void> {
    this.#inputOver();
    return Promise.resolve();
  }

  #inputOver(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.#input?.drop();
    this.#log.inputEnded();
  }

  /** Gives up what a process holds; false when it has done so before. */
  #leave(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    somethingHappened();
    this.#input?.close();
    this.#inputOver();
    this.#stdout?.drop();
    if (this.#stderr !== this.#stdout) this.#stderr?.drop();
    for (const wake of [...this.#onEnd]) wake();
    return true;
  }
}
