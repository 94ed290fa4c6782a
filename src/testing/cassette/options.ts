/**
 * What may be said of a cassette, and what one gets.
 * @module
 */
import type { Backend } from "../../backend.ts";
import { checkKeys, invalidOption, show } from "../../check.ts";
import type { CassetteEdits } from "./edits.ts";

/** How a cassette is played. */
export interface ReplayBackendOptions extends CassetteEdits {
  /** The file of the cassette. */
  cassette: string | URL;
}

/** How a cassette is recorded. */
export interface RecordBackendOptions extends ReplayBackendOptions {
  /** What runs the commands (default: the runtime's own backend). */
  backend?: Backend;
  /**
   * `"record"` runs every command (the default); `"replay"` runs none; `"auto"` plays what the cassette has and records
   * what is missing, which is an error where the environment has `CI=true`, or `CI` with another value but `0` and `false`.
   */
  mode?: "record" | "replay" | "auto";
}

/** A backend that records; see {@linkcode recordBackend}. */
export interface RecordBackend extends Backend {
  /**
   * Writes the cassette, in place of the old one; the only time it is written.
   * @throws {ExecError} A rejection with `invalid_cassette` when it can't be written
   */
  save(): Promise<void>;
}

/** A backend that plays a cassette; see {@linkcode replayBackend}. */
export interface ReplayBackend extends Backend {
  /** The recorded commands nobody has asked for. */
  unused(): string[];
}

const REPLAY_OPTIONS = ["cassette", "redact", "root"];

/** Refuses what are no options, or no known ones. */
export function checkCassetteOptions(options: ReplayBackendOptions, more: readonly string[] = []): void {
  if (typeof options !== "object" || options === null) {
    throw invalidOption("cassette", `is required: give { cassette: "path" }, got ${show(options)}.`);
  }
  checkKeys(options, [...REPLAY_OPTIONS, ...more]);
}
