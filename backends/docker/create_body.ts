/**
 * What the engine is asked for: one container for one command.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";
import type { DockerConfig } from "../../src/docker_fields.ts";
import { ExecError } from "../../src/errors.ts";
import type { ImageInfo } from "./engine_api.ts";

/** What Docker gives to commands of an image that has no PATH. */
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Where the init of the engine looks for a command that has no PATH. */
const BARE_PATH = "/bin:/usr/bin";

/** The body of `POST /containers/create`. */
export function createBody(
  config: DockerConfig,
  request: SpawnRequest,
  image: ImageInfo,
  labels: Readonly<Record<string, string>>,
): object {
  const { argv, cwd } = request;
  const stdin = request.stdin === "pipe";
  const env = environment(request, image);
  checkLength(argv, env);
  return {
    Image: image.Id,
    // The entry point of the image is not asked for: a command is what it says.
    Entrypoint: argv,
    Cmd: [],
    ...(cwd !== undefined && { WorkingDir: cwd }),
    Env: env,
    ...(config.user !== undefined && { User: config.user }),
    Tty: false,
    OpenStdin: stdin,
    StdinOnce: stdin,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    Labels: labels,
    // With this one a paused container stays paused when it is sent SIGTERM, as a stopped process does.
    StopSignal: "SIGKILL",
    HostConfig: hostConfig(config),
  };
}

function hostConfig(config: DockerConfig): object {
  const { autoRemove = true, memoryLimit = 0, cpuQuota = 0, pidsLimit = 0, tmpfs = {} } = config;
  return {
    // As process 1 a command would be deaf to every signal it has no handler for, its own included.
    Init: true,
    // Removing it is ours: the engine would do so before its exit code is asked for.
    AutoRemove: false,
    NetworkMode: config.networkMode ?? "bridge",
    Mounts: (config.volumes ?? []).map(mount),
    ...(memoryLimit > 0 && { Memory: memoryLimit, MemorySwap: memoryLimit }),
    ...(cpuQuota > 0 && { CpuPeriod: 100_000, CpuQuota: cpuQuota }),
    ...(pidsLimit > 0 && { PidsLimit: pidsLimit }),
    ReadonlyRootfs: config.readOnlyRootfs ?? false,
    SecurityOpt: config.noNewPrivileges ? ["no-new-privileges"] : [],
    CapDrop: config.capDrop ?? [],
    CapAdd: config.capAdd ?? [],
    Tmpfs: tmpfs,
    // Nobody asks for the output again, and it would fill the engine's disk meanwhile.
    ...(autoRemove && { LogConfig: { Type: "none", Config: {} } }),
  };
}

/** A mount, unlike a "bind", is refused when its source is missing, and not made. */
function mount(volume: string): object {
  const [, source, target, readOnly] = splitVolume(volume);
  const type = /^[A-Za-z0-9][\w.-]*$/.test(source) ? "volume" : "bind";
  return { Type: type, Source: source, Target: target, ReadOnly: readOnly };
}

function splitVolume(volume: string): [string, source: string, target: string, readOnly: boolean] {
  // The drive of a Windows path has a colon too.
  const [, source, target, how] = /^((?:[A-Za-z]:(?=[\\/]))?[^:]*):([^:]+)(?::(r[ow]))?$/.exec(volume)!;
  return [volume, source!, target!, how === "ro"];
}

/** Where other file systems than the image's begin. */
export function mountPoints({ volumes = [], tmpfs = {} }: DockerConfig): {
  readonly volumes: readonly string[];
  readonly tmpfs: readonly string[];
} {
  return { volumes: volumes.map((volume) => splitVolume(volume)[2]), tmpfs: Object.keys(tmpfs) };
}

/** A name without a value takes a variable away: of the image, or one that the engine sets by itself. */
function environment({ env, inheritEnv }: SpawnRequest, image: ImageInfo): string[] {
  const removed = inheritEnv ? [] : [...imageEnvironment(image).keys(), "PATH", "HOSTNAME", "HOME"];
  const own = Object.entries(env).map(([name, value]) => value === undefined ? name : `${name}=${value}`);
  return [...new Set(removed.filter((name) => !Object.hasOwn(env, name))), ...own];
}

function imageEnvironment({ Config }: ImageInfo): Map<string, string> {
  return new Map((Config?.Env ?? []).map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
  }));
}

/** Where the command is looked up. */
export function searchPath({ env, inheritEnv }: SpawnRequest, image: ImageInfo): string {
  if (Object.hasOwn(env, "PATH")) return env["PATH"] ?? BARE_PATH;
  return inheritEnv ? imageEnvironment(image).get("PATH") ?? USUAL_PATH : BARE_PATH;
}

/** The longest argument or variable of Linux, in bytes, with the zero at its end. */
const LONGEST = 128 * 1024;
/** What all of them may have together, by the usual limit of a stack. */
const LONGEST_SUM = 2 * 2 ** 20;

/** Refuses what Linux would: an engine says so only as an exit code and a text on stderr. */
function checkLength(argv: readonly string[], env: readonly string[]): void {
  const encoder = new TextEncoder();
  // Each has a zero at its end and a pointer to it.
  const sizes = [...argv, ...env].map((text) => encoder.encode(text).length + 1);
  const sum = sizes.reduce((total, size) => total + size + 8, 0);
  if (sizes.every((size) => size <= LONGEST) && sum <= LONGEST_SUM) return;
  const message = `The arguments and environment of ${JSON.stringify(argv[0])} are too long for Linux: ` +
    `pass large data on stdin or in a file.`;
  throw new ExecError("argument_too_long", message, { details: { arguments: argv.length } });
}

/** Refuses a working directory that only the host's own could complete. */
export function checkAbsolute(cwd: string | undefined): void {
  if (cwd === undefined || cwd.startsWith("/")) return;
  const message = `Option "cwd" must be an absolute path inside of the container, got ${
    JSON.stringify(cwd)
  }.`;
  throw new ExecError("invalid_option", message, { details: { option: "cwd" } });
}
