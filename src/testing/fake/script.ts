/**
 * A faked process in the hands of a function.
 * @module
 */
import { checkFunction, checkMs, invalidOption } from "../../check.ts";
import { parseSignal, type SignalName } from "../../signals.ts";
import { Utf8Decoder } from "../../utf8.ts";
import { microtasks } from "../turn.ts";
import { Background, ENDED, isEnd } from "./background.ts";
import type { CallLog } from "./call_log.ts";
import type { FakeChild } from "./child.ts";
import type { FakeBackground, FakeProcess } from "./process.ts";
import { checkExitCode, toBytes } from "./values.ts";

const encoder = new TextEncoder();

/** The script of one call. */
export class Script implements FakeProcess {
  readonly #child: FakeChild;
  readonly #log: CallLog;
  readonly #handlers = new Map<SignalName, (() => void | Promise<void>) | undefined>();
  #rest = "";
  readonly #decoder = new Utf8Decoder();
  #acted = false;

  constructor(child: FakeChild, log: CallLog) {
    this.#child = child;
    this.#log = log;
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
    this.#log.use();
  }

  #act(): void {
    this.#acted = true;
    if (this.#child.ended) throw ENDED;
  }
}

/** Turns of the microtask queue in which a function may say that its command can't start. */
const TURNS_TO_START = 16;

/** Waits a little for what takes no time. */
export async function startWindow(isOver: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_START && !isOver(); turn++) await microtasks(1);
}
