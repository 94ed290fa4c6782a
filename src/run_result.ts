/**
 * How a run ended.
 * @module
 */
import type { ExecError } from "./errors.ts";
import type { SignalName } from "./signals.ts";

/** What every result of a run tells. */
export interface RunOutput {
  /** What the command printed to stdout and stderr; when truncated its last part, after a line that says so. */
  readonly output: string;
  /** Whether the beginning of the output is missing. */
  readonly truncated: boolean;
  /** How many bytes the command printed. */
  readonly totalBytes: number;
  /** Whether the output reached its real end; false when something still held the pipe, or nothing was started. */
  readonly complete: boolean;
  /** Whether stdout and stderr are in the order they were written; false when only in the order they arrived. */
  readonly ordered: boolean;
  /** Time the call took, in ms. */
  readonly durationMs: number;
  /** Why `tee` did not get everything, when it failed or was too slow; the result is what it would be without. */
  readonly teeError?: ExecError;
}

/** How a run ended; `ok` and `reason` tell which. */
export type RunResult =
  | RunOutput & {
    /** It succeeded. */
    readonly ok: true;
    /** Its exit code. */
    readonly exitCode: 0;
  }
  | RunOutput & {
    /** It failed. */
    readonly ok: false;
    /** It exited with another code than 0, or was killed by a signal. */
    readonly reason: "nonzero";
    /** The exit code; 128 + n when signal n killed the shell. */
    readonly exitCode: number;
    /** The signal that killed the shell, if one did. */
    readonly signal?: SignalName;
    /** Facts about why it ended, where its backend knows any: of `./docker` `limitReached` and `limit`. */
    readonly details?: Readonly<Record<string, unknown>>;
  }
  | RunOutput & {
    /** It was ended. */
    readonly ok: false;
    /** The timeout passed before it had exited. */
    readonly reason: "timeout";
  }
  | RunOutput & {
    /** It was ended, or never started. */
    readonly ok: false;
    /** Its AbortSignal was aborted before it had exited. */
    readonly reason: "canceled";
  };
