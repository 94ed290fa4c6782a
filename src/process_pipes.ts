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
  readonly #pumps: Partial<Record<OutputName, Pump>> = {};
  readonly #all: Pump[] = [];
  readonly #streams: Partial<Record<OutputName, Stream>> = {};
  readonly #writer: StdinWriter | undefined;

  constructor(spec: PipesSpec) {
    this.#spec = spec;
    const { stdin, stdout, stderr, mergeStderr } = spec.options;
    if (stdout === "pipe") this.#addPump("stdout");
    if (stderr === "pipe" && !mergeStderr) this.#addPump("stderr");
    if (stdin === "pipe") this.#writer = new StdinWriter();
  }

  /** The process runs. */
  attach(child: Child): void {
    if (child.stdin) this.#writer?.attach(child.stdin);
    if (child.stdout) this.#pumps.stdout?.attach(child.stdout);
    if (child.stderr) this.#pumps.stderr?.attach(child.stderr);
  }

  /** The process never ran: whoever reads gets the reason. */
  failed(error: ExecError): void {
    this.#writer?.exited();
    for (const pump of this.#all) pump.fail(error);
  }

  /** The process has ended: writes are over, and the streams end by the idle rule at the latest. */
  exited(limits: { idle: number; max: number }): void {
    this.#writer?.exited();
    for (const pump of this.#all) pump.exited(limits);
  }

  /** Nothing of the process was ever to run: the streams are empty. */
  cancel(): void {
    for (const pump of this.#all) pump.cancel();
  }

  /** No descendant needs the pipes any more: each goes as soon as its stream has ended. */
  release(): void {
    for (const pump of this.#all) pump.release();
  }

  /** Keeps the child from blocking on either stream while something else is awaited. */
  press(change: 1 | -1): void {
    for (const pump of this.#all) pump.press(change);
  }

  /** Says that the streams are read side by side from now on: waiting for one need not keep the other flowing. */
  attend(): void {
    for (const pump of this.#all) pump.attend();
  }

  /** Whether each stream reached its real end. */
  get complete(): boolean {
    return this.#all.every((pump) => pump.complete);
  }

  /** Whether no stream will get any more. */
  get over(): boolean {
    return this.#all.every((pump) => pump.over);
  }

  /** Resolves when no stream will get any more. */
  async ended(): Promise<void> {
    for (const pump of this.#all) await pump.ended;
  }

  /** As `ended`, and holds all that comes until then; rejects when it was too much. */
  async drained(): Promise<void> {
    if (!this.over) {
      this.press(1);
      await this.ended();
      this.press(-1);
    }
    for (const pump of this.#all) if (pump.error) throw pump.error;
  }

  /** What was read of a stream and not yet taken. */
  snapshot(name: OutputName): Uint8Array {
    return this.#pumps[name]?.snapshot() ?? new Uint8Array(0);
  }

  /** Asks for all that is piped, so that nothing of it is thrown away. */
  claim(): void {
    for (const name of ["stdout", "stderr"] as const) if (this.#pumps[name]) this.stream(name);
  }

  /** The stream somebody asked for before, if somebody did. */
  known(name: OutputName): Stream | undefined {
    return this.#streams[name];
  }

  /**
   * A stream to read.
   * @throws {ExecError} `invalid_option` when it is not piped
   */
  stream(name: OutputName): Stream {
    const pump = this.#pumps[name];
    if (pump) return this.#streams[name] ??= new PumpedStream(pump);
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

  #addPump(name: OutputName): void {
    const { options, clock, onOverflow } = this.#spec;
    const sibling = name === "stdout" ? "stderr" : "stdout";
    const pump = new Pump({
      name,
      clock,
      maxBuffer: options.maxBuffer,
      onOverflow,
      onWaiting: (change) => this.#pumps[sibling]?.press(change),
    });
    this.#pumps[name] = pump;
    this.#all.push(pump);
  }
}
