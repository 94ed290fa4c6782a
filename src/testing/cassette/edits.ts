/**
 * What a cassette shows instead of secrets and of paths that differ between machines.
 * @module
 */
import type { SpawnRequest } from "../../backend.ts";
import { checkFunction } from "../../check.ts";
import { checkCwd } from "../../location.ts";
import type { CassetteCall } from "./format.ts";

/** Where a text comes from that is about to be recorded. */
export type RedactSource = "argv" | "env" | "stdin" | "stdout" | "stderr";

/** What stands for the root directory in a cassette. */
const ROOT = "<root>";

/** What changes between a process and a cassette. */
export interface CassetteEdits {
  /** Changes a text before it is recorded or compared, such as to take a secret out; `name` is a variable's. */
  redact?: (text: string, source: RedactSource, name?: string) => string;
  /** A directory that is recorded as `<root>` wherever its path occurs, so that a cassette serves on other machines. */
  root?: string | URL;
}

/** The edits of a cassette, ready to use. */
export class Edits {
  /** Whether texts are changed in a way that can't be undone. */
  readonly redacts: boolean;
  readonly #redact: NonNullable<CassetteEdits["redact"]>;
  readonly #root: string | undefined;

  constructor({ redact, root }: CassetteEdits) {
    this.redacts = redact !== undefined;
    this.#redact = checkFunction("redact", redact) ?? ((text) => text);
    this.#root = checkCwd("root", root)?.replace(/[\\/]+$/, "");
  }

  /** A text as the cassette has it. */
  toCassette(text: string, source: RedactSource, name?: string): string {
    return this.#redact(this.#root ? text.replaceAll(this.#root, ROOT) : text, source, name);
  }

  /** A text of the cassette as a process here writes it. */
  fromCassette(text: string): string {
    return this.#root ? text.replaceAll(ROOT, this.#root) : text;
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

/** What two calls have in common when they are the same. */
export function identity({ argv, cwd, env = {}, inheritEnv }: CassetteCall): string {
  return JSON.stringify([argv, cwd ?? null, Object.entries(env).sort(), inheritEnv]);
}
