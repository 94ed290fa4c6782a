/**
 * Runs each command in a container of its own, on a Docker Engine.
 * @module
 */
import type { Backend, Capabilities, SpawnRequest } from "../src/backend.ts";
import { type DockerConfig, parseDockerConfig } from "../src/docker_fields.ts";
import { engineAddress } from "./docker/address.ts";
import { DockerStarter } from "./docker/docker_starter.ts";

export type { DockerConfig };

/** A backend on a Docker Engine. */
export interface DockerBackend extends Backend {
  /**
   * Removes the containers that were left behind on the engine: by a process of this machine that is gone (killed by
   * SIGKILL, say), and those that `autoRemove: false` has kept, of this process too. What runs for a process that may
   * be alive, here or on another machine, is not touched, and neither is anybody else's container. A process does the
   * same once, but for the kept ones, when it starts its first command on an engine.
   * @returns how many containers were removed
   * @throws {ExecError} A rejection with `backend_unavailable`
   */
  sweep(): Promise<number>;
}

/**
 * A backend that runs every command in a new container. It needs the package dockerode beside this one, and an engine:
 * Docker, or Podman by its socket.
 *
 * @param config the image, and what its containers may do
 * @throws {ExecError} `invalid_option`, naming the field
 *
 * @example
 * ```ts docker
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { dockerBackend } from "@polyspawn/polyspawn/docker";
 *
 * await using backend = dockerBackend({ image: "busybox", networkMode: "none", memoryLimit: 64 * 2 ** 20 });
 * const executor = createExecutor({ backend });
 * console.log((await executor.output("echo hello")).stdoutText()); // hello
 * ```
 */
export function dockerBackend(config: DockerConfig): DockerBackend & AsyncDisposable {
  const checked = parseDockerConfig(config);
  const starter = new DockerStarter(checked, engineAddress(checked.host));
  const capabilities: Capabilities = {
    processGroups: true,
    mergedOutput: false,
    killOnHostExit: true,
    inheritStdio: false,
  };
  return {
    name: "docker",
    capabilities,
    remedies: {
      mergedOutput: 'redirect inside instead (["sh", "-c", "exec \\"$@\\" 2>&1", "sh", ...]), or use run',
      inheritStdio: "pass on what its streams give",
    },
    spawn: (request: SpawnRequest) => starter.spawn(request),
    findExecutable: (candidates) => starter.findExecutable(candidates),
    sweep: () => starter.sweep(),
    [Symbol.asyncDispose]: () => starter.dispose(),
  };
}
