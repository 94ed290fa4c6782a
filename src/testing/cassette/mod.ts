/**
 * Records what real commands did, and plays it without any process.
 * @module
 */
import type { RedactSource } from "./edits.ts";
import type { RecordBackend, RecordBackendOptions, ReplayBackend, ReplayBackendOptions } from "./options.ts";
import { Recorder } from "./recorder.ts";
import { Replayer } from "./replayer.ts";

/**
 * Makes a backend that runs commands for real and records them.
 * @param options the file, what runs the commands, and what the cassette must not show
 * @throws {ExecError} `invalid_option`
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { recordBackend, replayBackend } from "@polyspawn/polyspawn/testing";
 *
 * const cassette = "hello.cassette.json";
 * const recorder = recordBackend({ cassette });
 * await createExecutor({ backend: recorder }).output("echo hello");
 * await recorder.save();
 *
 * const player = replayBackend({ cassette });
 * console.log((await createExecutor({ backend: player }).output("echo hello")).stdoutText());
 * ```
 */
export function recordBackend(options: RecordBackendOptions): RecordBackend {
  return new Recorder(options);
}

/**
 * Makes a backend that plays a cassette, with no process at all. It is strict: a command that was not recorded, or
 * other standard input than was recorded, rejects. Each recorded command is played once, in the order recorded.
 * @param options the file, and what was changed when it was recorded
 * @throws {ExecError} `invalid_option`; the first command rejects with `invalid_cassette` when the file is missing or
 * broken
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { replayBackend } from "@polyspawn/polyspawn/testing";
 *
 * const player = replayBackend({ cassette: "missing.cassette.json" });
 * const error = await createExecutor({ backend: player }).output("echo hello").catch((error) => error);
 * console.log(error.reason); // invalid_cassette
 * ```
 */
export function replayBackend(options: ReplayBackendOptions): ReplayBackend {
  return new Replayer(options);
}

export type { RecordBackend, RecordBackendOptions, RedactSource, ReplayBackend, ReplayBackendOptions };
