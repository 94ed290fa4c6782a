/**
 * What tests need: a backend without processes, time that passes when told, and the conformance suite for authors of
 * backends.
 * @module
 */
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
  type FakeCall,
  type FakeMatch,
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
