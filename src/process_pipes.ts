/**
 * The three pipes of a process, from before its start until after its end.
 * @module
 */
import type { Child } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { ExecError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";
import { Pump } from "./pump.ts";
import { StdinWriter } from "./stdin.ts";
import { PumpedStream, type Stream } from "./stream.ts";

/** The descriptors a process writes to. */
export type OutputName = "stdout" | "stderr";

/** What of a process its pipes need to know. */
export interface PipesSpec {
  /** The command as messages show it. */
  readonly command: () => string;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  /** A stream passed its limit: the process must be ended. */
  readonly onOverflow: (error: ExecError) => void;
}

/** A process's stdin, stdout and stderr, as far as they are piped. */
export class ProcessPipes {
  readonly #spec: PipesSpec;
  // Named one by one, without a loop: V8 compiles more for one, and each fork copies what its compiling threads keep.
  readonly #stdout: Pump | undefined;
  readonly #stderr: Pump | undefined;
  #stdoutStream: Stream | undefined;
  #stderrStream: Stream | undefined;
  readonly #writer: StdinWriter | undefined;

  constructor(spec: PipesSpec) {
    this.#spec = spec;
    const { stdin, stdout, stderr, mergeStderr } = spec.options;
    if (stdout === "pipe") this.#stdout = this.#newPump("stdout", (change) => this.#stderr?.press(change));
    if (stderr === "pipe" && !mergeStderr) {
      this.#stderr = this.#newPump("stderr", (change) => this.#stdout?.press(change));
    }
    if (stdin === "pipe") this.#writer = new StdinWriter();
  }

  /** The process runs. */
  attach(child: Child): void {
    if (child.stdin) this.#writer?.attach(child.stdin);
    if (child.stdout) this.#stdout?.attach(child.stdout);
    if (child.stderr) this.#stderr?.attach(child.stderr);
  }

  /** The process never ran: whoever reads gets the reason. */
  failed(error: ExecError): void {
    this.#writer?.exited();
    this.#stdout?.fail(error);
    this.#stderr?.fail(error);
  }

  /** The process has ended: writes are over, and the streams end by the idle rule at the latest. */
  exited(limits: { idle: number; max: number }): void {
    this.#writer?.exited();
    this.#stdout?.exited(limits);
    this.#stderr?.exited(limits);
  }

  /** Nothing of the process was ever to run: the streams are empty. */
  cancel(): void {
    this.#stdout?.cancel();
    this.#stderr?.cancel();
  }

  /** No descendant needs the pipes any more: each goes as soon as its stream has ended. */
  release(): void {
    this.#stdout?.release();
    this.#stderr?.release();
  }

  /** Keeps the child from blocking on either stream while something else is awaited. */
  press(change: 1 | -1): void {
    this.#stdout?.press(change);
    this.#stderr?.press(change);
  }

  /** Says that the streams are read side by side from now on: waiting for one need not keep the other flowing. */
  attend(): void {
    this.#stdout?.attend();
    this.#stderr?.attend();
  }

  /** Whether each stream reached its real end. */
  get complete(): boolean {
    return (this.#stdout?.complete ?? true) && (this.#stderr?.complete ?? true);
  }

  /** Whether no stream will get any more. */
  get over(): boolean {
    return (this.#stdout?.over ?? true) && (this.#stderr?.over ?? true);
  }

  /** What ended a stream, when it was an error. */
  get error(): ExecError | undefined {
    return this.#stdout?.error ?? this.#stderr?.error;
  }

  /** Resolves when no stream will get any more. */
  async ended(): Promise<void> {
    await this.#stdout?.ended;
    await this.#stderr?.ended;
  }

  /** As `ended`, and holds all that comes until then. */
  async drained(): Promise<void> {
    if (this.over) return;
    this.press(1);
    await this.ended();
    this.press(-1);
  }

  /** What was read of a stream and not yet taken. */
  snapshot(name: OutputName): Uint8Array {
    return this.#pump(name)?.snapshot() ?? new Uint8Array(0);
  }

  /** Asks for all that is piped, so that nothing of it is thrown away. */
  claim(): void {
    this.#stdout?.claim();
    this.#stderr?.claim();
  }

  /** The stream somebody asked for before, if somebody did. */
  known(name: OutputName): Stream | undefined {
    return name === "stdout" ? this.#stdoutStream : this.#stderrStream;
  }

  /**
   * A stream to read.
   * @throws {ExecError} `invalid_option` when it is not piped
   */
  stream(name: OutputName): Stream {
    const pump = this.#pump(name);
    if (pump && name === "stdout") return this.#stdoutStream ??= new PumpedStream(pump);
    if (pump) return this.#stderrStream ??= new PumpedStream(pump);
    const { command, options } = this.#spec;
    const merged = name === "stderr" && options.mergeStderr;
    const how = merged
      ? "is merged into stdout: read stdoutStream()"
      : `is not piped: leave option "${name}" out`;
    throw new ExecError("invalid_option", `The ${name} of ${command()} ${how}.`);
  }

  /**
   * The writer of stdin.
   * @throws {ExecError} `invalid_option` when it is not piped
   */
  get writer(): StdinWriter {
    if (this.#writer) return this.#writer;
    const message = `The stdin of ${this.#spec.command()} is not piped: ` +
      `leave option "stdin" out to write to it.`;
    throw new ExecError("invalid_option", message);
  }

  #newPump(name: OutputName, onWaiting: (change: 1 | -1) => void): Pump {
    const { options, clock, onOverflow } = this.#spec;
    return new Pump({ name, clock, maxBuffer: options.maxBuffer, onOverflow, onWaiting });
  }

  #pump(name: OutputName): Pump | undefined {
    return name === "stdout" ? this.#stdout : this.#stderr;
  }
}
