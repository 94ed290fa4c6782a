/**
 * What a caller may say of a call of `output`, checked.
 * @module
 */
import type { Stdio } from "./backend.ts";
import { checkBoolean, checkOptions, invalidOption, show } from "./check.ts";
import { checkInput, type Input } from "./input.ts";
import { PROCESS_OPTIONS, type ProcessOptions } from "./options.ts";

/** What may be said of a call of `output`. */
export interface OutputOptions extends ProcessOptions {
  /** Rejects with `exit_nonzero` when the exit code is not 0 (default: false). */
  check?: boolean;
  /** What standard input is fed with (default: it is empty). */
  input?: Input;
  /** Leaves alone what the command started in the background and its exit left running (default: false). */
  keepBackground?: boolean;
}

/** {@linkcode OutputOptions}, taken apart and checked. */
export interface OutputCall {
  readonly check: boolean;
  readonly keepBackground: boolean;
  readonly input: Input | undefined;
  readonly process: ProcessOptions;
}

const OUTPUT_OPTIONS: readonly (keyof OutputOptions)[] = [
  ...PROCESS_OPTIONS,
  "check",
  "input",
  "keepBackground",
];

/** What a call says of its process that says nothing: most do. Always this object, so that what comes of it can be kept. */
export const PLAIN_PROCESS: ProcessOptions = Object.freeze({ stdin: "null" });

const PLAIN_CALL: OutputCall = {
  check: false,
  keepBackground: false,
  input: undefined,
  process: PLAIN_PROCESS,
};

/** Checks what a call of `output` says, apart from what concerns its process. */
export function parseOutputOptions(given: OutputOptions | undefined): OutputCall {
  if (given === undefined) return PLAIN_CALL;
  const options = checkOptions(given, OUTPUT_OPTIONS);
  const { check, input, keepBackground, ...process } = options;
  checkInput(input);
  if (input !== undefined && process.stdin !== undefined && process.stdin !== "pipe") {
    throw invalidOption(
      "input",
      `can't be fed to a stdin that is ${show(process.stdin)}: leave option "stdin" out.`,
    );
  }
  return {
    check: checkBoolean("check", check, false),
    keepBackground: checkBoolean("keepBackground", keepBackground, false),
    input,
    process: { ...process, stdin: stdinFor(input, process.stdin) },
  };
}

/** A pipe only where something is fed: nobody else could end it, because nobody sees the process. */
function stdinFor(input: Input | undefined, stdin: Stdio | undefined): Stdio {
  if (input !== undefined) return "pipe";
  return stdin === undefined || stdin === "pipe" ? "null" : stdin;
}
