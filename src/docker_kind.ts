/**
 * The kind `exec.docker`: commands in containers, each in one of its own.
 * @module
 */
import type { Backend } from "./backend.ts";
import { DOCKER_FIELDS, type DockerConfig, needImage, word } from "./docker_fields.ts";
import { ExecError } from "./errors.ts";
import type { ExecutorOptions } from "./executor.ts";
import { commands, environment, type Fields, parseFields } from "./fields.ts";
import { checkPath } from "./native_kind.ts";

/** What a definition of kind `exec.docker` may say beside its kind. */
export interface DockerKindConfig extends DockerConfig {
  /** The working directory of every process, inside of the container (default: the image's). */
  defaultWorkDir?: string;
  /** Variables of every process, added to those of the image (default: none). */
  defaultEnv?: Readonly<Record<string, string>>;
  /** The only commands that may be run, each whole. `[]` allows nothing (default: any). */
  commandWhitelist?: readonly (string | readonly string[])[];
}

/** The fields of {@linkcode DockerKindConfig}. */
export const DOCKER_KIND_FIELDS: Fields<DockerKindConfig> = {
  ...DOCKER_FIELDS,
  defaultWorkDir: word(
    "The working directory of every process, inside of the container (default: the image's).",
    /^\//,
    `an absolute path inside of the container`,
  ),
  defaultEnv: environment("Variables of every process, added to those of the image (default: none)."),
  commandWhitelist: commands(
    "The only commands that may be run, each whole: the same words, no more and no fewer. [] allows nothing (default: any).",
  ),
};

type Load = (config: DockerConfig) => Promise<Backend>;
let load: Load | undefined;

/** Says how the backend is loaded, when the first executor asks for it. */
export function setDockerBackend(loader: Load): void {
  load ??= loader;
}

/** Checks a definition of this kind; `path` is where it stands. */
export function parseDocker(config: object, path: string): DockerKindConfig {
  const parsed = parseFields(config, DOCKER_KIND_FIELDS, path);
  needImage(parsed, path);
  if (parsed.commandWhitelist) checkPath(parsed.defaultEnv ?? {}, path);
  return parsed;
}

/** What the executors of a definition are made of. */
export async function createDocker(config: DockerKindConfig): Promise<ExecutorOptions> {
  const { defaultWorkDir: cwd, defaultEnv: env, commandWhitelist, ...rest } = config;
  if (!load) {
    throw new ExecError("unsupported", "No Docker backend is known here: import the package itself.");
  }
  return { cwd, env, inheritEnv: true, commandWhitelist, backend: await load(rest) };
}
