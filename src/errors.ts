/**
 * What went wrong, as a program sees it: eight kinds, and under each a stable reason.
 * @module
 */
import type { Output } from "./output.ts";

/** The eight kinds of failure. */
export type ExecErrorKind =
  | "INVALID"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "UNAVAILABLE"
  | "TIMEOUT"
  | "CANCELED"
  | "INTERNAL";

/** A reason this package gives itself. Backends may add their own words, always with an explicit kind. */
export type ExecErrorReason =
  | "invalid_id"
  | "permission_denied"
  | "process_closed"
  | "not_started"
  | "already_started"
  | "executor_released"
  | "invalid_command"
  | "invalid_option"
  | "unsupported"
  | "stream_busy"
  | "argument_too_long"
  | "stdin_closed"
  | "command_not_allowed"
  | "os_permission"
  | "executor_not_found"
  | "executor_exists"
  | "command_not_found"
  | "cwd_not_found"
  | "image_not_found"
  | "resource_exhausted"
  | "backend_unavailable"
  | "buffer_exceeded"
  | "timed_out"
  | "canceled"
  | "exit_nonzero"
  | "internal";

/** The kind that belongs to each reason, and whether trying again later can help. */
const REASONS: Readonly<Record<ExecErrorReason, readonly [ExecErrorKind, boolean]>> = {
  invalid_id: ["INVALID", false],
  permission_denied: ["INVALID", false],
  process_closed: ["INVALID", false],
  not_started: ["INVALID", false],
  already_started: ["INVALID", false],
  executor_released: ["INVALID", false],
  invalid_command: ["INVALID", false],
  invalid_option: ["INVALID", false],
  unsupported: ["INVALID", false],
  stream_busy: ["INVALID", false],
  argument_too_long: ["INVALID", false],
  stdin_closed: ["UNAVAILABLE", false],
  command_not_allowed: ["PERMISSION_DENIED", false],
  os_permission: ["PERMISSION_DENIED", false],
  executor_not_found: ["NOT_FOUND", false],
  executor_exists: ["ALREADY_EXISTS", false],
  command_not_found: ["NOT_FOUND", false],
  cwd_not_found: ["NOT_FOUND", false],
  image_not_found: ["NOT_FOUND", false],
  resource_exhausted: ["UNAVAILABLE", true],
  backend_unavailable: ["UNAVAILABLE", true],
  buffer_exceeded: ["UNAVAILABLE", false],
  timed_out: ["TIMEOUT", true],
  canceled: ["CANCELED", false],
  exit_nonzero: ["INTERNAL", false],
  internal: ["INTERNAL", false],
};

/** Every reason this package gives itself. */
export const EXEC_ERROR_REASONS: readonly string[] = Object.keys(REASONS);

/** What an {@linkcode ExecError} carries beside its reason and message. */
export interface ExecErrorOptions {
  /** The kind; only for a reason of a backend's own (default: the kind of the reason, else `"INTERNAL"`). */
  kind?: ExecErrorKind;
  /** Whether trying again later can help (default: as the reason has it, else false). */
  retryable?: boolean;
  /** Facts for programs: the value at fault, limits, exit codes. Never environment values. */
  details?: Readonly<Record<string, unknown>>;
  /** The error underneath, when there is one. */
  cause?: unknown;
  /** What had been collected when the command failed. */
  output?: Output;
}

/** One brand for every copy of this module in a process, so that errors are known across copies. */
const BRAND: symbol = Symbol.for("polyspawn.ExecError");

/**
 * The one error this package throws.
 *
 * @example Tell failures apart by kind and reason
 * ```ts
 * import { createExecutor, isExecError } from "@polyspawn/polyspawn";
 *
 * try {
 *   await createExecutor().output("no-such-command-here");
 * } catch (error) {
 *   if (!isExecError(error)) throw error;
 *   console.log(error.kind, error.reason); // NOT_FOUND command_not_found
 * }
 * ```
 */
export class ExecError extends Error {
  /** Which of the eight kinds of failure this is. */
  readonly kind: ExecErrorKind;
  /** A stable `lower_snake_case` word for programs. */
  readonly reason: string;
  /** Whether trying the same again later can help. */
  readonly retryable: boolean;
  /** Facts for programs; never environment values. */
  readonly details: Readonly<Record<string, unknown>>;
  /** What had been collected when the command failed, where output was collected. */
  readonly output: Output | undefined;

  /**
   * Makes an error; backends use it to say why a process can't start.
   * @param reason a reason of {@linkcode ExecErrorReason}, or a backend's own word
   * @param message a sentence that names the value at fault and what to do
   * @param options kind, details, cause and output
   */
  constructor(
    reason: ExecErrorReason | (string & Record<never, never>),
    message: string,
    options: ExecErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const known = Object.hasOwn(REASONS, reason) ? REASONS[reason as ExecErrorReason] : undefined;
    this.name = "ExecError";
    this.kind = options.kind ?? known?.[0] ?? "INTERNAL";
    this.reason = reason;
    this.retryable = options.retryable ?? known?.[1] ?? false;
    this.details = Object.freeze({ ...options.details });
    this.output = options.output;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether a value is an {@linkcode ExecError}, also one made by another copy of this module.
 * @param value anything, usually what a `catch` caught
 */
export function isExecError(value: unknown): value is ExecError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** Gives back an {@linkcode ExecError} as it is, and wraps anything else as `internal`. */
export function toExecError(error: unknown, doing: string): ExecError {
  if (isExecError(error)) return error;
  return new ExecError("internal", `${doing} failed unexpectedly: ${textOf(error)}`, { cause: error });
}

/** What was thrown, in words; anything can be, also what has no text. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "something without a text was thrown";
  }
}
