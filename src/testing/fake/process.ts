/**
 * What a rule that is a function plays a process with.
 * @module
 */
import { checkFunction, checkMs, invalidOption, show } from "../../check.ts";
import { parseSignal, type SignalName } from "../../signals.ts";
import { Utf8Decoder } from "../../utf8.ts";
import { microtasks } from "../turn.ts";
import type { RecordedCall } from "./call.ts";
import type { FakeChild } from "./child.ts";

/**
 * The part of a faked process that something in its background plays as well. Once the process has ended, or what is
 * in the background was killed, every method rejects, and the function that plays it is left; catch nothing from here.
 */
export interface FakeBackground {
  /** Writes to standard output; waits while the pipe is full, and dies of SIGPIPE when nobody will read it. */
  stdout(data: string | Uint8Array): Promise<void>;
  /** Writes to standard error, in the same way. */
  stderr(data: string | Uint8Array): Promise<void>;
  /** Waits, in ms by the fake's clock (`Infinity`: until it is ended). A signal it dies of ends the wait. */
  delay(ms: number): Promise<void>;
}

/**
 * A faked process in the hands of the function that plays it, for what no data can say: dialogues, handlers of signals,
 * something left in the background.
 */
export interface FakeProcess extends FakeBackground {
  /** Its process id, which no real process has. */
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<void>;
  /** The next bytes of standard input; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** The next line of standard input, without its newline; null at the end. */
  readLine(): Promise<string | null>;
  /** Closes its standard input: later writes to it fail with `stdin_closed`. */
  closeStdin(): void;
  /**
   * Survives a signal from now on.
   * @param signal which one
   * @param handler what it does then (default: nothing, as does what it left in the background)
   * @throws {ExecError} `invalid_option` for what is no signal, and for SIGKILL, which nothing survives
   */
  onSignal(signal: SignalName, handler?: () => void | Promise<void>): void;
  /**
   * Leaves something in its group that holds its pipes until the function returns, or a signal to the group ends it.
   * @param play what that does
   */
  background(play: (background: FakeBackground) => void | Promise<void>): void;
  /**
   * Ends it at once, and leaves the function.
   * @param status an exit code, or the signal it dies of (default: 0)
   * @throws {ExecError} `invalid_option` for what is neither
   */
  exit(status?: number | SignalName): never;
}

/** Thrown to leave the function of a process that has ended. */
const ENDED = new Error("The faked process has ended: nothing more of it is played.");

/** Whether something was thrown only because the process has ended. */
export function isEnd(error: unknown): boolean {
  return error === ENDED;
}

const encoder = new TextEncoder();

/** Bytes of one's own, out of what a test gave. */
export function toBytes(name: string, data: string | Uint8Array): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof Uint8Array) return new Uint8Array(data);
  throw invalidOption(name, `must be a string or a Uint8Array, got ${show(data)}.`);
}

/** An exit code. */
export function checkExitCode(code: number): number {
  if (Number.isInteger(code) && code >= 0 && code <= 255) return code;
  throw invalidOption("exitCode", `must be a whole number from 0 to 255, got ${show(code)}.`);
}

/** The script of one call. */
export class Script implements FakeProcess {
  readonly #child: FakeChild;
  readonly #call: RecordedCall;
  readonly #handlers = new Map<SignalName, (() => void | Promise<void>) | undefined>();
  #rest = "";
  readonly #decoder = new Utf8Decoder();
  #acted = false;

  constructor(child: FakeChild, call: RecordedCall) {
    this.#child = child;
    this.#call = call;
  }

  /** Whether it did anything that only a running process can. */
  get acted(): boolean {
    return this.#acted;
  }

  get pid(): number {
    this.#acted = true;
    return this.#child.pid;
  }

  get exited(): Promise<void> {
    this.#acted = true;
    return this.#child.exit.then(() => {}, () => {});
  }

  async stdout(data: string | Uint8Array): Promise<void> {
    await this.#write("stdout", data);
  }

  async stderr(data: string | Uint8Array): Promise<void> {
    await this.#write("stderr", data);
  }

  async delay(ms: number): Promise<void> {
    this.#act();
    await this.#child.sleep(checkMs("delay", ms, 0, true));
    this.#act();
  }

  async read(): Promise<Uint8Array | null> {
    this.#useInput();
    if (this.#rest !== "") {
      const bytes = encoder.encode(this.#rest);
      this.#rest = "";
      return bytes;
    }
    const chunk = await this.#child.read();
    this.#act();
    return chunk;
  }

  async readLine(): Promise<string | null> {
    this.#useInput();
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) return this.#take(end, end + 1);
      const chunk = await this.#child.read();
      this.#act();
      this.#rest += chunk ? this.#decoder.push(chunk) : this.#decoder.end();
      if (!chunk) return this.#rest === "" ? null : this.#take(Infinity, Infinity);
    }
  }

  closeStdin(): void {
    this.#useInput();
    this.#child.closeInput();
  }

  onSignal(signal: SignalName, handler?: () => void | Promise<void>): void {
    this.#act();
    checkFunction("handler", handler);
    const name = parseSignal(signal);
    if (name === "SIGKILL") throw invalidOption("signal", `must not be "SIGKILL": nothing survives it.`);
    this.#handlers.set(name, handler);
    this.#child.onSignal((got) => this.#react(got));
  }

  background(play: (background: FakeBackground) => void | Promise<void>): void {
    this.#act();
    checkFunction("play", play);
    this.#child.background(async (killed) => {
      const background = new Background(this.#child, killed);
      await Promise.race([killed, play(background)]).catch((error) => this.#failed(error));
    });
  }

  exit(status: number | SignalName = 0): never {
    this.#act();
    const exit = typeof status === "string"
      ? { code: 0, signal: parseSignal(status) }
      : { code: checkExitCode(status) };
    this.#child.end(exit);
    throw ENDED;
  }

  async #write(name: "stdout" | "stderr", data: string | Uint8Array): Promise<void> {
    this.#act();
    const taken = this.#child.write(name, toBytes(name, data));
    if (!(typeof taken === "boolean" ? taken : await taken)) this.#child.end({ code: 0, signal: "SIGPIPE" });
    this.#act();
  }

  #react(signal: SignalName): "handles" | "ignores" | "dies" {
    if (!this.#handlers.has(signal)) return "dies";
    const handler = this.#handlers.get(signal);
    if (!handler) return "ignores";
    const handle = async () => await handler();
    void handle().catch((error) => this.#failed(error));
    return "handles";
  }

  #failed(error: unknown): void {
    if (!isEnd(error)) this.#child.fail(error);
  }

  #take(end: number, next: number): string {
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(next);
    return line;
  }

  #useInput(): void {
    this.#act();
    this.#call.use();
  }

  #act(): void {
    this.#acted = true;
    if (this.#child.ended) throw ENDED;
  }
}

/** What something left behind is played with. */
class Background implements FakeBackground {
  readonly #child: FakeChild;
  readonly #killed: Promise<void>;
  #over = false;

  constructor(child: FakeChild, killed: Promise<void>) {
    this.#child = child;
    this.#killed = killed;
    void killed.then(() => this.#over = true);
  }

  async stdout(data: string | Uint8Array): Promise<void> {
    await this.#write("stdout", data);
  }

  async stderr(data: string | Uint8Array): Promise<void> {
    await this.#write("stderr", data);
  }

  async delay(ms: number): Promise<void> {
    this.#act();
    await this.#child.wait(checkMs("delay", ms, 0, true), this.#killed);
    this.#act();
  }

  async #write(name: "stdout" | "stderr", data: string | Uint8Array): Promise<void> {
    this.#act();
    const taken = await Promise.race([this.#child.write(name, toBytes(name, data)), this.#killed]);
    if (taken === false) this.#over = true;
    this.#act();
  }

  #act(): void {
    if (this.#over) throw ENDED;
  }
}

/** Turns of the microtask queue in which a function may say that its command can't start. */
const TURNS_TO_START = 16;

/** Waits a little for what takes no time. */
export async function startWindow(isOver: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_START && !isOver(); turn++) await microtasks(1);
}
