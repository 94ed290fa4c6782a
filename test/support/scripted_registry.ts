/**
 * A registry on a backend without processes, and what its executors ask that for.
 */
import type { SpawnRequest } from "../../src/backend.ts";
import { createRegistry, type Definitions, type Registry, type RegistryOptions } from "../../mod.ts";
import { ScriptedBackend } from "./scripted_backend.ts";

/** A registry, and the backend of its native executors. */
export interface ScriptedRegistry {
  readonly registry: Registry;
  readonly backend: ScriptedBackend;
}

/** Makes one. */
export function registry(options: RegistryOptions = {}): ScriptedRegistry {
  const backend = new ScriptedBackend();
  return { registry: createRegistry({ backend, ...options }), backend };
}

/** What a process of an executor is started with. */
export async function requestOf(on: ScriptedRegistry, id: string, command = "tool"): Promise<SpawnRequest> {
  await (await on.registry.get(id)).spawn(command);
  return on.backend.requests.at(-1)!;
}

/** Loads what no type has checked. */
export function load(on: Registry, value: unknown): string[] {
  return on.load(value as Definitions);
}
