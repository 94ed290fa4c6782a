/**
 * What tests need: a backend without processes, time that passes when told, and the conformance suite for authors of
 * backends.
 *
 * @example Test code that runs a command, without the command
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { fakeBackend } from "@polyspawn/polyspawn/testing";
 *
 * const fake = fakeBackend();
 * fake.on("git branch --show-current", { stdout: "main\n" });
 * const output = await createExecutor({ backend: fake }).output("git branch --show-current");
 * console.log(output.stdoutText()); // main
 * ```
 * @module
 */
import { setRunning } from "../load_running.ts";
import { parts } from "../running.ts";

// A first command that loads something would start in a later turn of the event loop than a test expects.
setRunning(parts);

export {
  conformance,
  type ConformanceCase,
  type ConformanceOptions,
  type TestFramework,
} from "./conformance/mod.ts";
export type { Behaviour, Program, Reaction, Step } from "./conformance/behaviour.ts";
export {
  type FakeAnswer,
  type FakeBackend,
  fakeBackend,
  type FakeBackendOptions,
  type FakeBackground,
  type FakeCall,
  type FakeMatch,
  type FakeProcess,
  type FakeReply,
  type FakeShellMatch,
  type FakeStep,
} from "./fake/mod.ts";
export { type VirtualClock, virtualClock, type VirtualClockOptions } from "./virtual_clock.ts";
export {
  type RecordBackend,
  recordBackend,
  type RecordBackendOptions,
  type RedactSource,
  type ReplayBackend,
  replayBackend,
  type ReplayBackendOptions,
} from "./cassette/mod.ts";
export type { CassetteEdits } from "./cassette/edits.ts";
