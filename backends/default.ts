/**
 * Which backend and which channel for events a runtime gets when a program names none.
 * @module
 */
import type { Backend } from "../src/backend.ts";
import type { DockerConfig } from "../src/docker_fields.ts";
import { ExecError } from "../src/errors.ts";
import { checkRoom } from "./room.ts";

/** What the runtimes put on the global object; only the presence of each is looked at. */
interface Runtime {
  Deno?: { Command?: unknown };
  process?: { versions?: { node?: string }; getBuiltinModule?: (name: string) => unknown };
}

/** The part of `node:diagnostics_channel` that is used. */
interface DiagnosticsChannel {
  channel(name: string): Channel;
}
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** The name events are published under. */
const CHANNEL = "polyspawn";

/** Loads the backend of the runtime this runs on. */
export async function loadDefaultBackend(): Promise<Backend> {
  const runtime = globalThis as unknown as Runtime;
  checkRoom();
  if (runtime.Deno?.Command) return (await import("./deno.ts")).denoBackend();
  if (runtime.process?.versions?.node) return (await import("./node.ts")).nodeBackend();
  throw new ExecError(
    "unsupported",
    `This runtime starts no processes: give createExecutor the option "backend".`,
  );
}

/** Loads the backend of definitions of the kind `exec.docker`. */
export async function loadDockerBackend(config: DockerConfig): Promise<Backend> {
  checkRoom();
  return (await import("./docker.ts")).dockerBackend(config);
}

/**
 * The runtime's own channel for events. Node and Bun have `node:diagnostics_channel` at hand; Deno would load all of its
 * Node compatibility for it, which takes longer than to run a command.
 */
export function findEventChannel(): Channel | undefined {
  const { Deno, process } = globalThis as unknown as Runtime;
  if (Deno) return undefined;
  const diagnostics = process?.getBuiltinModule?.("node:diagnostics_channel") as
    | DiagnosticsChannel
    | undefined;
  return diagnostics?.channel(CHANNEL);
}
