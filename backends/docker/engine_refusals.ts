/**
 * Why the engine would not create or start a container, in the words of this package.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import { EngineError } from "./engine.ts";
import { cwdNotFound } from "./look_up.ts";

/** Words of the engine and the field of the configuration they are about. */
const FIELDS: readonly [words: RegExp, field: string][] = [
  [/unable to find (?:user|group)|no matching entries in (?:passwd|group)|invalid user/i, "user"],
  [
    /network .* not found|network mode|could not find a network|cannot join network|no such network/i,
    "networkMode",
  ],
  [/bind source path|invalid mount|invalid volume|mount config|duplicate mount point/i, "volumes"],
  [/tmpfs/i, "tmpfs"],
  [/memory limit|memory swap/i, "memoryLimit"],
  [/cpu (?:cfs )?(?:quota|period)|cpus?\b.*available/i, "cpuQuota"],
  [/CapAdd/, "capAdd"],
  [/CapDrop/, "capDrop"],
  [/pids.?limit/i, "pidsLimit"],
  [/invalid reference format/i, "image"],
];

/** The error for a container that could not be created or started. */
export function refusal(error: unknown, request: SpawnRequest, image: string): unknown {
  if (!(error instanceof EngineError)) return error;
  const name = JSON.stringify(request.argv[0]);
  const told = error.message;
  const cause = error;
  if (error.status === 404 && /no such image/i.test(told)) return imageNotFound(image, cause);
  if (request.cwd !== undefined && /not a directory|chdir|workdir|working directory/i.test(told)) {
    return cwdNotFound(request.cwd, cause);
  }
  if (/argument list too long/i.test(told)) {
    const message = `The arguments and environment of ${name} are too long for the operating system: ` +
      `pass large data on stdin or in a file.`;
    return new ExecError("argument_too_long", message, {
      cause,
      details: { arguments: request.argv.length },
    });
  }
  for (const [words, field] of FIELDS) {
    if (!words.test(told)) continue;
    return new ExecError("invalid_option", `${field}: the engine refuses it: ${told}.`, {
      cause,
      details: { path: field },
    });
  }
  if (
    /resource temporarily unavailable|cannot allocate memory|too many open files|no space left/i.test(told)
  ) {
    return new ExecError("resource_exhausted", `The engine can't start ${name}: ${told}.`, { cause });
  }
  if (/executable file not found|no such file or directory/i.test(told)) {
    return new ExecError("command_not_found", `Command ${name} was not found: ${told}.`, { cause });
  }
  if (/permission denied/i.test(told)) {
    return new ExecError("os_permission", `The engine refuses to run ${name}: ${told}.`, { cause });
  }
  return new ExecError("internal", `The engine can't start ${name}: ${told}.`, { cause });
}

/** The error for an image that the engine does not have. */
export function imageNotFound(image: string, cause: unknown): ExecError {
  const message = `The engine has no image ${JSON.stringify(image)}: run "docker pull ${image}", ` +
    `or set pull to "missing".`;
  return new ExecError("image_not_found", message, { cause, details: { image } });
}
