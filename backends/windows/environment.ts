/**
 * Environments on Windows, where `Path` and `PATH` are one variable.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";

/** Variables as a process gets them. */
export type Variables = Record<string, string>;

/**
 * The environment of a process: without regard to case, so that `PATH` takes the place of an inherited `Path`, and of two
 * spellings in one `env` the last one counts.
 * @param host the host's environment; left out when it can't be read, and then nothing is inherited here
 */
export function windowsEnvironment(
  { env, inheritEnv }: Pick<SpawnRequest, "env" | "inheritEnv">,
  host: Readonly<Record<string, string | undefined>>,
): Variables {
  const all = new Map<string, readonly [name: string, value: string]>();
  const layers = inheritEnv ? [host, env] : [env];
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      const key = name.toUpperCase();
      if (value === undefined) all.delete(key);
      else all.set(key, [all.get(key)?.[0] ?? name, value]);
    }
  }
  return Object.fromEntries(all.values());
}

/** The value of a variable, whatever its spelling; of several the last one. */
export function variable(
  variables: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const key = name.toUpperCase();
  return Object.entries(variables).filter(([each]) => each.toUpperCase() === key).at(-1)?.[1];
}
