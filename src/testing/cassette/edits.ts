/**
 * What a cassette shows instead of secrets and of paths that differ between machines.
 * @module
 */
import type { SpawnRequest } from "../../backend.ts";
import { checkFunction, invalidOption, show } from "../../check.ts";
import { checkCwd } from "../../location.ts";
import type { CassetteCall } from "./format.ts";
import { editBytes } from "./lossless.ts";

/** Where a text comes from that is about to be recorded; a working directory and an error's message are of `"argv"`. */
export type RedactSource = "argv" | "env" | "stdin" | "stdout" | "stderr";

/** What stands for the root directory in a cassette; where a text itself says so, it gets a backslash. */
const ROOT = "<root>";
const LITERAL_ROOT = /<(\\*root>)/g;
const RECORDED_ROOT = /<(\\*)root>/g;

/** What changes between a process and a cassette. */
export interface CassetteEdits {
  /**
   * Changes a text before it is recorded or compared, such as to take a secret out. It gets words, values of variables
   * (not their names), and what was written to a stream, all of it at once; bytes that are no UTF-8 are lone
   * surrogates in it.
   * @param text what is about to be recorded
   * @param source where it comes from
   * @param name the variable's, of `"env"`
   * @returns what is recorded instead
   */
  redact?: (text: string, source: RedactSource, name?: string) => string;
  /**
   * A directory, as an absolute path or a `file:` URL, that is recorded as `<root>` wherever its path occurs, so that a
   * cassette serves on other machines (default: none).
   */
  root?: string | URL;
}

/** The edits of a cassette, ready to use. */
export class Edits {
  /** Whether texts are changed in a way that can't be undone. */
  readonly redacts: boolean;
  readonly #redact: NonNullable<CassetteEdits["redact"]>;
  readonly #root: { readonly path: string; readonly pattern: RegExp } | undefined;

  constructor({ redact, root }: CassetteEdits) {
    this.redacts = redact !== undefined;
    this.#redact = checkFunction("redact", redact) ?? ((text) => text);
    const path = checkRoot(root);
    // A longer name is another directory.
    this.#root = path === undefined
      ? undefined
      : { path, pattern: new RegExp(`${escape(path)}(?![\\w-]|\\.\\w)`, "g") };
  }

  /** A text as the cassette has it. */
  toCassette(text: string, source: RedactSource, name?: string): string {
    const portable = this.#root
      ? text.replaceAll(LITERAL_ROOT, "<\\$1").replaceAll(this.#root.pattern, ROOT)
      : text;
    const redacted: unknown = this.#redact(portable, source, name);
    if (typeof redacted === "string") return redacted;
    throw invalidOption("redact", `must answer a string, got ${show(redacted)} for a text of ${source}.`);
  }

  /** A text of the cassette as a process here writes it. */
  fromCassette(text: string): string {
    const root = this.#root;
    if (!root) return text;
    return text.replaceAll(
      RECORDED_ROOT,
      (_, backslashes: string) => backslashes === "" ? root.path : `<${backslashes.slice(1)}root>`,
    );
  }

  /** Bytes as the cassette has them. */
  bytesToCassette(bytes: Uint8Array, source: RedactSource): Uint8Array {
    if (!this.redacts && !this.#root) return bytes;
    return editBytes(bytes, (text) => this.toCassette(text, source));
  }

  /** Bytes of the cassette as a process here writes them. */
  bytesFromCassette(bytes: Uint8Array): Uint8Array {
    return this.#root ? editBytes(bytes, (text) => this.fromCassette(text)) : bytes;
  }

  /** What a call is known by. */
  identify(request: SpawnRequest): Pick<CassetteCall, "argv" | "cwd" | "env" | "inheritEnv"> {
    const env = Object.entries(request.env).map(([name, value]) => [
      name,
      value === undefined ? null : this.toCassette(value, "env", name),
    ]);
    return {
      argv: request.argv.map((word) => this.toCassette(word, "argv")),
      ...(request.cwd !== undefined && { cwd: this.toCassette(request.cwd, "argv") }),
      ...(env.length > 0 && { env: Object.fromEntries(env) }),
      inheritEnv: request.inheritEnv,
    };
  }
}

function checkRoot(value: string | URL | undefined): string | undefined {
  const given = checkCwd("root", value);
  if (given === undefined) return undefined;
  const path = given.replace(/[\\/]+$/, "");
  if (/^(\/|[A-Za-z]:[\\/]|\\\\)./.test(path)) return path;
  throw invalidOption(
    "root",
    `must be an absolute path below the top, or its file: URL, got ${show(given)}.`,
  );
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What two calls have in common when they are the same. */
export function identity({ argv, cwd, env = {}, inheritEnv }: CassetteCall): string {
  return JSON.stringify([argv, cwd ?? null, Object.entries(env).sort(), inheritEnv]);
}
