/**
 * What a fake saw of one command.
 * @module
 */
import type { SpawnRequest } from "../../backend.ts";
import { quote } from "../../command.ts";
import type { SignalName } from "../../signals.ts";
import { decodeUtf8 } from "../../utf8.ts";

/** One command a fake was asked to run. */
export interface FakeCall {
  /** The executable and its arguments. */
  readonly argv: readonly string[];
  /** The same as `quote` writes it. */
  readonly command: string;
  /** The working directory, as it was given; of a `file:` URL the path; `undefined` where none was given. */
  readonly cwd: string | undefined;
  /** The environment variables that were set, by the executor or the call; `undefined` where one was removed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the host's environment would have been inherited. */
  readonly inheritEnv: boolean;
  /** What was written to its standard input so far, as text. */
  readonly stdin: string;
  /** The signals that reached it, or what it left in its group, so far, in order. */
  readonly signals: readonly SignalName[];
  /** Waits for the end of standard input, or of the process, then gives all of it as text. */
  stdinText(): Promise<string>;
  /** Waits for the end of standard input, or of the process, then gives all of it. */
  stdinBytes(): Promise<Uint8Array>;
}

/** A {@linkcode FakeCall} as plain data: that is what consoles, snapshots and comparisons of tests show. */
export class SeenCall implements FakeCall {
  readonly argv: readonly string[];
  readonly command: string;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inheritEnv: boolean;
  stdin = "";
  signals: readonly SignalName[] = [];
  readonly #allInput: () => Promise<Uint8Array>;

  /** `allInput` waits for the end of standard input and gives it. */
  constructor({ argv, cwd, env, inheritEnv }: SpawnRequest, allInput: () => Promise<Uint8Array>) {
    this.argv = argv;
    this.command = quote(argv);
    this.cwd = cwd;
    this.env = env;
    this.inheritEnv = inheritEnv;
    this.#allInput = allInput;
  }

  async stdinText(): Promise<string> {
    return decodeUtf8(await this.#allInput());
  }

  stdinBytes(): Promise<Uint8Array> {
    return this.#allInput();
  }
}
