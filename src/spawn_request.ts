/**
 * What a backend is asked for, and whether it can do that.
 * @module
 */
import type { Backend, Capabilities, SpawnRequest } from "./backend.ts";
import { ExecError } from "./errors.ts";
import type { ResolvedOptions } from "./options.ts";

/** What the core knows of a process that is to be started. */
export interface Asked {
  readonly argv: readonly string[];
  readonly options: ResolvedOptions;
  readonly handleSignals: boolean;
  readonly hostPath: boolean;
}

/**
 * Makes the request for one process.
 * @throws {ExecError} `unsupported` when the backend lacks what is asked for
 */
export function spawnRequest(backend: Backend, asked: Asked): SpawnRequest {
  const { argv, options, handleSignals } = asked;
  const { cwd, env, inheritEnv, stdin, stdout, stderr, mergeStderr } = options;
  const { processGroups, mergedOutput, inheritStdio = true } = backend.capabilities;
  if (mergeStderr && !mergedOutput) throw unsupported(backend, "mergeStderr", "mergedOutput");
  if (!inheritStdio) {
    const name = (["stdin", "stdout", "stderr"] as const).find((each) => options[each] === "inherit");
    if (name) throw unsupported(backend, `${name}: "inherit"`, "inheritStdio");
  }
  // A child at the host's terminal stays in its process group: otherwise it could not read from it.
  const group = processGroups && stdin !== "inherit";
  const request = { argv, env, inheritEnv, stdin, stdout, stderr, mergeStderr, group, handleSignals };
  const hostPath = asked.hostPath && !inheritEnv;
  if (cwd === undefined && !hostPath) return request;
  return { ...request, ...(cwd !== undefined && { cwd }), ...(hostPath && { hostPath }) };
}

function unsupported(backend: Backend, option: string, capability: keyof Capabilities): ExecError {
  const remedy = backend.remedies?.[capability] ?? "leave it out, or use another backend";
  return new ExecError("unsupported", `Backend "${backend.name}" can't do ${option}: ${remedy}.`);
}
