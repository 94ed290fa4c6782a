/**
 * The engine the tests of ./docker run on: scripts/ci/docker_engine.sh starts one and names it in these variables.
 * @module
 */
import process from "node:process";
import { describe } from "vitest";
import { type DirectAddress, engineAddress } from "../../backends/docker/address.ts";
import { Engine } from "../../backends/docker/engine.ts";
import { OWNER_LABEL } from "../../backends/docker/owner.ts";
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

/** The engine, to look at. */
export function openEngine(): Promise<Engine> {
  return Engine.open(engineAddress(host) as DirectAddress);
}

/** The containers that a process owns. */
export async function ownedBy(pid: number): Promise<readonly string[]> {
  const all = await (await openEngine()).list(OWNER_LABEL);
  return all.filter(({ Labels }) => Labels?.["polyspawn.pid"] === String(pid)).map(({ Id }) => Id);
}
