/**
 * Why the engine would not create or start a container, in the words of this package.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";
import type { DockerConfig } from "../../src/docker_fields.ts";
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
  [/tmpfs/i, "tmpfs"],
  [
    /bind source path|invalid mount|invalid volume|mount config|duplicate mount point|error mounting/i,
    "volumes",
  ],
  [/memory limit|memory swap/i, "memoryLimit"],
  [/cpu (?:cfs )?(?:quota|period)|cpus?\b.*available/i, "cpuQuota"],
  [/CapAdd/, "capAdd"],
  [/CapDrop/, "capDrop"],
  [/pids.?(?:limit|max)/i, "pidsLimit"],
  [/invalid reference format/i, "image"],
];

/** The error for a container that could not be created or started. */
export function refusal(error: unknown, request: SpawnRequest, config: DockerConfig): unknown {
  if (!(error instanceof EngineError)) return error;
  const name = JSON.stringify(request.argv[0]);
  const told = error.message;
  const cause = error;
  if (error.status === 404 && /no such image/i.test(told)) return imageNotFound(config.image, cause);
  if (/argument list too long/i.test(told)) {
    const message = `The arguments and environment of ${name} are too long for the operating system: ` +
      `pass large data on stdin or in a file.`;
    return new ExecError("argument_too_long", message, {
      cause,
      details: { arguments: request.argv.length },
    });
  }
  const field = fieldOf(told, config);
  if (field !== undefined) {
    const message = `${field}: the engine refuses it: ${told}.`;
    return new ExecError("invalid_option", message, { cause, details: { path: field } });
  }
  if (request.cwd !== undefined && /not a directory|chdir|workdir|working directory/i.test(told)) {
    return cwdNotFound(request.cwd, cause);
  }
  if (
    /resource temporarily unavailable|cannot allocate memory|too many open files|no space left/i.test(told)
  ) {
    return new ExecError("resource_exhausted", `The engine can't start ${name}: ${told}.`, { cause });
  }
  // Other files than the command may be missing as well: those of an engine that is shutting down, say.
  if (/executable file .*not found|exec: .*no such file or directory/i.test(told)) {
    return new ExecError("command_not_found", `Command ${name} was not found: ${told}.`, { cause });
  }
  if (/permission denied/i.test(told)) {
    return new ExecError("os_permission", `The engine refuses to run ${name}: ${told}.`, { cause });
  }
  return new ExecError("internal", `The engine can't start ${name}: ${told}.`, { cause });
}

/** Which field of the configuration the engine speaks of. */
function fieldOf(told: string, { networkMode }: DockerConfig): string | undefined {
  // Of the container whose network is to be shared; one of ours is named by its number.
  if (networkMode?.startsWith("container:") && /no such container/i.test(told)) return "networkMode";
  return FIELDS.find(([words]) => words.test(told))?.[1];
}

/** The error for an image that the engine does not have. */
export function imageNotFound(image: string, cause: unknown): ExecError {
  const message = `The engine has no image ${JSON.stringify(image)}: run "docker pull ${image}", ` +
    `or set pull to "missing".`;
  return new ExecError("image_not_found", message, { cause, details: { image } });
}
