/**
 * The kind `exec.native`: commands of this machine, in a clean environment.
 * @module
 */
import { configError, memberOf } from "./config_error.ts";
import type { ExecutorOptions } from "./executor.ts";
import { commands, environment, type Fields, parseFields, text } from "./fields.ts";

/** What a definition of kind `exec.native` may say beside its kind. */
export interface NativeConfig {
  /** The working directory of every process; a relative one starts at the host's (default: the host's). */
  defaultWorkDir?: string;
  /** The environment of every process: these variables and no others (default: none). */
  defaultEnv?: Readonly<Record<string, string>>;
  /** The only commands that may be run, each whole. `[]` allows nothing (default: any). */
  commandWhitelist?: readonly (string | readonly string[])[];
}

/** The fields of {@linkcode NativeConfig}. */
export const NATIVE_FIELDS: Fields<NativeConfig> = {
  defaultWorkDir: text(
    "The working directory of every process; a relative one starts at the host's (default: the host's).",
  ),
  defaultEnv: environment("The environment of every process: these variables and no others (default: none)."),
  commandWhitelist: commands(
    "The only commands that may be run, each whole: the same words, no more and no fewer. [] allows nothing (default: any).",
  ),
};

/** Checks a definition of this kind; `path` is where it stands. */
export function parseNative(config: object, path: string): NativeConfig {
  const parsed = parseFields(config, NATIVE_FIELDS, path);
  if (parsed.commandWhitelist) checkPath(parsed.defaultEnv ?? {}, path);
  return parsed;
}

/** What the executors of a definition are made of. */
export function createNative(config: NativeConfig): ExecutorOptions {
  const { defaultWorkDir: cwd, defaultEnv: env, commandWhitelist } = config;
  return { cwd, env, inheritEnv: false, commandWhitelist };
}

/** A call may choose the working directory, and with it what a relative directory of PATH is. */
export function checkPath(env: Readonly<Record<string, string>>, path: string): void {
  for (const [name, value] of Object.entries(env)) {
    if (!/^path$/i.test(name)) continue;
    const directories = value.split(/^[A-Za-z]:|;/.test(value) ? ";" : ":");
    if (directories.every((directory) => /^([\\/]|[A-Za-z]:[\\/])/.test(directory))) continue;
    const at = memberOf(memberOf(path, "defaultEnv"), name);
    throw configError(
      at,
      "needs absolute directories only beside a commandWhitelist, and none that is empty.",
    );
  }
}
