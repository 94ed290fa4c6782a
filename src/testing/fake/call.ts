/**
 * What a fake saw of one command.
 * @module
 */
import type { SpawnRequest } from "../../backend.ts";
import { quote } from "../../command.ts";
import type { SignalName } from "../../signals.ts";
import { decodeUtf8 } from "../../utf8.ts";
import type { FakeProcess } from "./process.ts";

/** One command a fake was asked to run. */
export interface FakeCall {
  /** The executable and its arguments. */
  readonly argv: readonly string[];
  /** The same as `quote` writes it. */
  readonly command: string;
  /** The working directory; `undefined` where none was given. */
  readonly cwd: string | undefined;
  /** The environment variables that were set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the host's environment would have been inherited. */
  readonly inheritEnv: boolean;
  /** What was written to its standard input so far, as text. */
  readonly stdin: string;
  /** The signals it got so far, in order. */
  readonly signals: readonly SignalName[];
  /** Waits for the end of standard input, then gives all of it as text. */
  stdinText(): Promise<string>;
  /** Waits for the end of standard input, then gives all of it. */
  stdinBytes(): Promise<Uint8Array>;
}

/** A {@linkcode FakeCall}, which becomes one of a process once it is started. */
export class RecordedCall implements FakeCall {
  readonly argv: readonly string[];
  readonly command: string;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inheritEnv: boolean;
  #process: FakeProcess | undefined;
  #reading: Promise<void> | undefined;

  constructor(request: SpawnRequest) {
    this.argv = request.argv;
    this.command = quote(request.argv);
    this.cwd = request.cwd;
    this.env = request.env;
    this.inheritEnv = request.inheritEnv;
  }

  /** The process plays this call. */
  startedAs(process: FakeProcess): void {
    this.#process = process;
  }

  get stdin(): string {
    return decodeUtf8(this.#received());
  }

  get signals(): readonly SignalName[] {
    return [...this.#process?.signals ?? []];
  }

  async stdinText(): Promise<string> {
    return decodeUtf8(await this.stdinBytes());
  }

  async stdinBytes(): Promise<Uint8Array> {
    await (this.#reading ??= this.readAll());
    return this.#received();
  }

  /** Takes standard input to its end. */
  async readAll(): Promise<void> {
    const process = this.#process;
    while (process && await process.read() !== null);
  }

  #received(): Uint8Array {
    const chunks = this.#process?.received ?? [];
    const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }
}
