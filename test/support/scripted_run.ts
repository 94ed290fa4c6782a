/**
 * Backends for runs that need no shell.
 */
import { createExecutor, type Executor } from "../../mod.ts";
import { ScriptedBackend, type ScriptedChild } from "./scripted_backend.ts";

/** A backend whose children do what the test says, by default exit at once, and an executor on it. */
export function scripted(prepare: (child: ScriptedChild) => void = (child) => child.exitWith(0)) {
  const backend = new ScriptedBackend();
  backend.prepare = prepare;
  return { backend, executor: createExecutor({ backend }) };
}

/** A scripted backend that can look for executables: only those in `present` are there. */
export function lookingBackend(present: readonly string[]): {
  backend: ScriptedBackend;
  executor: Executor;
  /** What was looked for, call by call. */
  lookups: string[][];
} {
  const lookups: string[][] = [];
  const { backend, executor } = scripted();
  const findExecutable = (candidates: readonly string[]) => {
    lookups.push([...candidates]);
    return Promise.resolve(candidates.find((candidate) => present.includes(candidate)));
  };
  Object.assign(backend, { findExecutable });
  return { backend, executor, lookups };
}
