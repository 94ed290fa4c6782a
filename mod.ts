/**
 * Runs external commands the same way on Deno, Node and Bun, with pluggable spawn backends.
 *
 * A call always returns, nothing of its process group survives it, no byte written before the exit is lost, memory is
 * bounded, and your tests never need a real process.
 *
 * @example Run a command
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 *
 * const output = await createExecutor().output("echo 'Hello, World!'");
 * console.log(output.exitCode, output.stdoutText());
 * ```
 * @module
 */
import { findEventChannel, loadDefaultBackend, loadDockerBackend } from "./backends/default.ts";
import { checkRoom } from "./backends/room.ts";
import { setDefaultBackend } from "./src/default_backend.ts";
import { setDockerBackend } from "./src/docker_kind.ts";
import { setEventChannel } from "./src/event_channel.ts";
import { setRoomCheck } from "./src/load_running.ts";

setDefaultBackend(loadDefaultBackend);
setDockerBackend(loadDockerBackend);
setEventChannel(findEventChannel);
setRoomCheck(checkRoom);

export type {
  Backend,
  ByteSource,
  Capabilities,
  Child,
  ChildExit,
  SpawnRequest,
  Stdio,
} from "./src/backend.ts";
export { type Clock, systemClock } from "./src/clock.ts";
export { quote, split } from "./src/command.ts";
export { configSchema } from "./src/config_schema.ts";
export type {
  Definition,
  DefinitionGroup,
  Definitions,
  DockerDefinition,
  NativeDefinition,
  OwnDefinition,
} from "./src/definitions.ts";
export type { DockerConfig } from "./src/docker_fields.ts";
export type { DockerKindConfig } from "./src/docker_kind.ts";
export {
  ExecError,
  type ExecErrorKind,
  type ExecErrorOptions,
  type ExecErrorReason,
  isExecError,
} from "./src/errors.ts";
export type { ExecEvent, ExecEventBase } from "./src/events.ts";
export type { Executor, ExecutorOptions } from "./src/executor.ts";
export type { JsonSchema } from "./src/fields.ts";
export { type Kind, registerKind } from "./src/kinds.ts";
export { createExecutor } from "./src/local_executor.ts";
export { createRegistry, exec } from "./src/local_registry.ts";
export type { Input } from "./src/input.ts";
export type { Env } from "./src/location.ts";
export type { NativeConfig } from "./src/native_kind.ts";
export type { ProcessOptions } from "./src/options.ts";
export type { Output } from "./src/output.ts";
export type { OutputOptions } from "./src/output_options.ts";
export { allOf, anyOf, type Policy, type PolicyRequest } from "./src/policy.ts";
export type { ExitStatus, Process, ProcessState } from "./src/process.ts";
export type { Registry, RegistryOptions } from "./src/registry.ts";
export { resolveShell, type ResolveShellOptions } from "./src/resolve_shell.ts";
export { createRunner, run, type Runner } from "./src/run.ts";
export type { RunOptions } from "./src/run_options.ts";
export type { RunOutput, RunResult } from "./src/run_result.ts";
export type { Shell } from "./src/shell.ts";
export type { SignalName } from "./src/signals.ts";
export type { LinesOptions, Stream } from "./src/stream.ts";
