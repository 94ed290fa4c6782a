/**
 * The engine the tests of ./docker run on: scripts/ci/docker_engine.sh starts one and names it in these variables.
 * @module
 */
import process from "node:process";
import { describe } from "vitest";
import { type DockerBackend, dockerBackend, type DockerConfig } from "../../backends/docker.ts";

/** The engine's address; undefined where there is none. */
export const host: string | undefined = process.env["POLYSPAWN_DOCKER_HOST"];
/** An image with busybox, whose `/etc/passwd` has a user with the number 1000. */
export const image: string = process.env["POLYSPAWN_DOCKER_IMAGE"] ?? "polyspawn-test";

/** Tests that need an engine; without one they are counted as skipped. */
export const describeWithEngine: typeof describe.skip = describe.skipIf(host === undefined);

/** A backend on the engine. It has no bridge for networks. */
export function testBackend(config: Partial<DockerConfig> = {}): DockerBackend & AsyncDisposable {
  return dockerBackend({ image, networkMode: "none", ...(host !== undefined && { host }), ...config });
}
