/**
 * The state machine behind a {@linkcode Process}: created, running, exited, closed.
 * @module
 */
import type { Backend, Child, ChildExit } from "./backend.ts";
import { show } from "./check.ts";
import { after, type Clock } from "./clock.ts";
import { quote } from "./command.ts";
import { attempt, Deferred, ignore } from "./deferred.ts";
import { Ending, KILL_WAIT } from "./ending.ts";
import { ExecError, toExecError } from "./errors.ts";
import type { EventListener } from "./events.ts";
import {
  abortInterruption,
  type Interruption,
  type InterruptionWatch,
  watchInterruptions,
} from "./interruption.ts";
import type { ResolvedOptions } from "./options.ts";
import type { ExitStatus, Process, ProcessState } from "./process.ts";
import { ProcessEvents } from "./process_events.ts";
import { ProcessPipes } from "./process_pipes.ts";
import { parseSignal, type SignalName, signalNumber } from "./signals.ts";
import { spawnRequest } from "./spawn_request.ts";
import type { StdinWriter } from "./stdin.ts";
import type { Stream } from "./stream.ts";

/** What a process is made from. */
export interface ProcessSpec {
  /** The command as a string, where it was given as one. */
  readonly command: string | undefined;
  readonly argv: readonly string[];
  readonly options: ResolvedOptions;
  readonly executorId: string | undefined;
  readonly clock: Clock;
  readonly handleSignals: boolean;
  /** Whether a clean environment without a PATH leaves the lookup of the executable to the host's. */
  readonly hostPath: boolean;
  readonly backend: () => Backend | Promise<Backend>;
  /** Called at start: throws when the executor no longer starts anything, else counts the process as live. */
  readonly onStart: (process: ManagedProcess) => void;
  /** Nothing of the process is left. */
  readonly onGone: (process: ManagedProcess) => void;
  readonly onEvent: EventListener | undefined;
}

/** A process as the executor makes it. */
export class ManagedProcess implements Process {
  readonly argv: readonly string[];
  readonly #spec: ProcessSpec;
  readonly #events: ProcessEvents;
  readonly #pipes: ProcessPipes;
  /** The command as messages show it. */
  readonly #name = (): string => show(this.command);
  readonly #exited: Deferred<void> = new Deferred();
  readonly #outcome: Deferred<number> = new Deferred();
  #command: string | undefined;
  #stdin: WritableStream<Uint8Array> | undefined;
  #state: ProcessState = "created";
  #starting: Deferred<void> | undefined;
  #launched: Promise<void> | undefined;
  #launchOver = false;
  /** Whether the backend was asked to start it. */
  #asked = false;
  #startedAt = 0;
  #child: Child | undefined;
  #ending: Ending | undefined;
  #exitStatus: ExitStatus | undefined;
  #interruption: Interruption | undefined;
  #watch: InterruptionWatch | undefined;
  #unref = false;

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
    this.#command = spec.command;
    this.argv = spec.argv;
    this.#events = new ProcessEvents(spec);
    const { options, clock } = spec;
    const onOverflow = (error: ExecError) => this.#interrupt({ cause: "overflow", error });
    this.#pipes = new ProcessPipes({ command: this.#name, options, clock, onOverflow });
  }

  get command(): string {
    return this.#command ??= quote(this.argv);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get state(): ProcessState {
    return this.#state;
  }

  get exitStatus(): ExitStatus | undefined {
    return this.#exitStatus;
  }

  async start(): Promise<void> {
    this.#checkOpen("start");
    if (this.#starting) {
      throw new ExecError("already_started", `Command ${this.#name()} was started before.`);
    }
    this.#spec.onStart(this);
    this.#starting = new Deferred();
    this.#startedAt = this.#spec.clock.now();
    this.#launched = this.#launch();
    await this.#starting.promise;
  }

  async wait(): Promise<number> {
    if (!this.#starting) throw this.#notStarted("wait for");
    this.#pipes.press(1);
    try {
      return await this.#outcome.promise;
    } finally {
      this.#pipes.press(-1);
    }
  }

  stdoutStream(): Stream {
    return this.#stream("stdout");
  }

  stderrStream(): Stream {
    return this.#stream("stderr");
  }

  // Whoever awaits a write is told how it failed; nobody awaiting it must not end the host.
  writeStdin(data: string | Uint8Array): Promise<void> {
    return heard(async () => await this.#runningWriter("write to").write(data));
  }

  closeStdin(): Promise<void> {
    return heard(async () => await this.#runningWriter("end the input of").close());
  }

  get stdin(): WritableStream<Uint8Array> {
    this.#checkOpen("write to");
    this.#pipes.writer;
    return this.#stdin ??= new WritableStream<Uint8Array>({
      // An empty chunk is no end of input here: closing the stream is.
      write: (chunk) => chunk?.length === 0 ? undefined : this.writeStdin(chunk),
      close: () => this.closeStdin(),
      abort: () => this.closeStdin(),
    });
  }

  async signal(sig: number | SignalName): Promise<void> {
    const name = parseSignal(sig);
    this.#checkOpen("signal");
    if (!this.#ending) throw this.#notStarted("signal");
    try {
      await this.#ending.signal(name);
    } catch (error) {
      throw toExecError(error, `Sending ${name} to ${this.#name()}`);
    }
  }

  async close(force = false): Promise<boolean> {
    return await this.closeWithin(force === true ? 0 : Infinity);
  }

  /** As `close`, with a grace of at most `ms`. */
  async closeWithin(ms: number): Promise<boolean> {
    const before = this.#state;
    this.#state = "closed";
    if (before === "created") this.#abandonStart();
    const gone = await this.#end(Math.min(ms, this.#spec.options.killGrace));
    // Whoever was known to hold a pipe is gone or out of reach: what was written is drained, then the descriptor goes.
    this.#pipes.release();
    return gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  unref(): void {
    this.#checkOpen("unref");
    this.#unref = true;
    this.#watch?.unref();
    this.#child?.unref?.();
  }

  /** Its pipes, for what is built on a process. */
  get pipes(): ProcessPipes {
    return this.#pipes;
  }

  /** Looks again whether something that it left in its group is gone by now. */
  lookAgain(): void {
    this.#ending?.look();
  }

  /** Resolves when the process itself has ended, or never started. */
  exited(): Promise<void> {
    return this.#exited.promise;
  }

  async #launch(): Promise<void> {
    try {
      this.#watchInterruptions();
      if (!this.#startOver()) await this.#spawn(await this.#spec.backend());
    } catch (error) {
      // A child that the core can't take on must not run on; why it can't is told, not how its end failed.
      const ending = this.#ending;
      if (ending) await attempt(() => ending.end(0)).catch(ignore);
      // What was given up has its reason, whatever comes of the start.
      this.#startFailed(this.#interruption?.error ?? toExecError(error, `Starting ${this.#name()}`));
    }
    this.#launchOver = true;
    if (!this.#child) this.#spec.onGone(this);
  }

  async #spawn(backend: Backend): Promise<void> {
    const request = spawnRequest(backend, this.#spec);
    if (this.#startOver()) return;
    this.#asked = true;
    const child = await backend.spawn(request);
    this.#started(child, request.group, backend.capabilities.processTrees ?? false);
  }

  #watchInterruptions(): void {
    const { options, clock } = this.#spec;
    const { signal, timeout } = options;
    if (signal === undefined && timeout === Infinity) return;
    if (signal?.aborted) return this.#interrupt(abortInterruption(signal, this.#name()));
    this.#watch = watchInterruptions(options, this.#name, clock, (why) => this.#interrupt(why));
    if (this.#unref) this.#watch.unref();
  }

  #started(child: Child, group: boolean, tree: boolean): void {
    const { clock } = this.#spec;
    this.#ending = new Ending({
      child,
      clock,
      group,
      tree,
      onKill: () => this.#events.emit({ type: "killed" }, this.pid),
      onGone: () => this.#spec.onGone(this),
    });
    const lost = (error: unknown) => this.#onLost(toExecError(error, `Waiting for ${this.#name()}`));
    child.exit.then((exit) => this.#onExit(exit)).catch(lost);
    this.#child = child;
    this.#pipes.attach(child);
    if (this.#unref) child.unref?.();
    this.#events.emit({ type: "spawn" }, this.pid);
    // A timeout, an abort or close came while it was starting: it is ended without ever having been seen to run.
    if (this.#startOver()) return void this.#end(0).then(() => this.#pipes.release());
    this.#state = "running";
    this.#starting!.resolve();
  }

  #startOver(): boolean {
    return this.#interruption !== undefined || this.#state === "closed";
  }

  #startFailed(error: ExecError): void {
    this.#watch?.stop();
    this.#state = "closed";
    this.#pipes.failed(error);
    this.#exited.resolve();
    this.#outcome.reject(error);
    this.#starting!.reject(error);
  }

  #onExit(exit: ChildExit): void {
    const { signal, details } = exit;
    const cause = this.#interruption?.cause;
    const code = signal === undefined ? exit.code : 128 + signalNumber(signal);
    const status: ExitStatus = { code, signal, timedOut: cause === "timeout", canceled: cause === "abort" };
    this.#exitStatus = Object.freeze(
      details ? { ...status, details: Object.freeze({ ...details }) } : status,
    );
    this.#settle();
    // Nobody makes one in vain.
    if (this.#events.heard) this.#tellExit(this.#exitStatus);
    if (!this.#interruption) this.#outcome.resolve(code);
  }

  #tellExit({ code, signal, details }: ExitStatus): void {
    const durationMs = this.#spec.clock.now() - this.#startedAt;
    const more = { ...(signal && { signal }), ...(details && { details }) };
    this.#events.emit({ type: "exit", exitCode: code, ...more, durationMs }, this.pid);
  }

  #onLost(error: ExecError): void {
    this.#settle();
    this.#outcome.reject(error);
  }

  #settle(): void {
    const { drainIdle, drainMax } = this.#spec.options;
    if (this.#state === "running") this.#state = "exited";
    this.#watch?.stop();
    this.#ending!.leaderExited();
    // What is being ended from outside may still write until all of its group is ended.
    const beingEnded = this.#interruption !== undefined || this.#state === "closed";
    if (!beingEnded) this.#pipes.exited({ idle: drainIdle, max: drainMax });
    this.#exited.resolve();
    if (this.#pipes.complete) return;
    // A descendant that holds the pipe is still drained, but must not keep the host from ending.
    this.#pipes.ended().then(() => {
      this.#ending?.look();
      if (!this.#pipes.complete) this.#child?.unref?.();
    }).catch(ignore);
  }

  #interrupt(why: Interruption): void {
    if (this.#interruption || (this.#exitStatus && why.cause !== "overflow")) return;
    this.#interruption = why;
    this.#watch?.stop();
    if (why.cause === "timeout") this.#events.emit({ type: "timeout" }, this.pid);
    if (why.cause === "abort") this.#events.emit({ type: "canceled" }, this.pid);
    // A listener may hear of the start before whoever waits for it, and abort it.
    if (this.#state === "created") return void this.#giveUp(why.error);
    void this.#end(why.cause === "overflow" ? 0 : this.#spec.options.killGrace)
      .then(() => this.#outcome.reject(why.error));
  }

  async #end(grace: number): Promise<boolean> {
    if (!this.#ending && this.#launched) await this.#launchedWithin(grace + KILL_WAIT);
    if (!this.#ending) return this.#launched === undefined || this.#launchOver;
    const gone = await this.#ending.end(grace);
    // Nothing of the group writes any more, but an escapee may; and who could not be ended is not waited for.
    const { drainIdle, drainMax } = this.#spec.options;
    const idle = this.#exitStatus ? Math.min(drainIdle, drainMax) : 0;
    this.#pipes.exited({ idle, max: idle });
    return gone;
  }

  /** Waits for a start that was given up: a backend that never answers must not be waited for longer than a process. */
  async #launchedWithin(ms: number): Promise<void> {
    let cancel = ignore;
    await Promise.race([
      this.#launched,
      new Promise<void>((resolve) => cancel = after(this.#spec.clock, ms, resolve)),
    ]);
    cancel();
  }

  /** Ends what is about to run before anybody is told that it will not. */
  async #giveUp(error: ExecError): Promise<void> {
    if (this.#asked) await this.#end(0);
    // What it had written by then is read.
    if (this.#ending) await this.#pipes.ended();
    this.#startFailed(error);
  }

  #abandonStart(): void {
    if (!this.#starting) this.#pipes.cancel();
    else {
      const message = `Command ${this.#name()} was closed while it started.`;
      this.#startFailed(this.#interruption?.error ?? new ExecError("process_closed", message));
    }
  }

  #stream(name: "stdout" | "stderr"): Stream {
    const known = this.#pipes.known(name);
    if (known) return known;
    this.#checkOpen("read");
    return this.#pipes.stream(name);
  }

  #runningWriter(doing: string): StdinWriter {
    this.#checkOpen(doing);
    const { writer } = this.#pipes;
    if (!this.#child) throw this.#notStarted(doing);
    return writer;
  }

  #checkOpen(doing: string): void {
    if (this.#state !== "closed") return;
    throw new ExecError(
      "process_closed",
      `Can't ${doing} ${this.#name()}: it was closed. Make a new process.`,
    );
  }

  #notStarted(doing: string): ExecError {
    return new ExecError(
      "not_started",
      `Can't ${doing} ${this.#name()}: it was not started. Call start() first.`,
    );
  }
}

/** Makes a promise whose rejection counts as handled. */
function heard<T>(action: () => Promise<T>): Promise<T> {
  const promise = action();
  promise.catch(ignore);
  return promise;
}
