/**
 * dockerode, which the user installs: loaded with the first command, and told where the engine is.
 * @module
 */
import process from "node:process";
import { ExecError } from "../../src/errors.ts";
import { checkRoom } from "../room.ts";
import { type DirectAddress, readTls } from "./address.ts";
import type { Dockerode } from "./engine_api.ts";

/**
 * Makes a client; connects to nothing yet.
 * @throws {ExecError} A rejection with `unsupported` where dockerode is not installed
 */
export async function openDockerode(address: DirectAddress): Promise<Dockerode> {
  return new (await loadDockerode())(dockerodeOptions(address));
}

/** Not a plain text in the import: Deno would fetch what that names, with all it needs, for everybody. */
const DOCKERODE = "dockerode";

async function loadDockerode(): Promise<new (options: object) => Dockerode> {
  checkRoom();
  try {
    const { default: loaded } = await import(DOCKERODE) as { default: new (options: object) => Dockerode };
    return loaded;
  } catch (cause) {
    const command = "Deno" in globalThis
      ? "deno add npm:dockerode"
      : process.versions["bun"]
      ? "bun add dockerode"
      : "npm install dockerode";
    const message =
      `The Docker backend needs the package dockerode, which can't be loaded: run "${command}".`;
    throw new ExecError("unsupported", message, { cause, details: { package: "dockerode" } });
  }
}

/** Each of them is said: what is left out docker-modem takes from DOCKER_HOST. */
function dockerodeOptions(address: DirectAddress): object {
  const base = {
    host: undefined,
    port: undefined,
    username: undefined,
    socketPath: undefined,
    protocol: "http",
    pathPrefix: "/",
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  };
  switch (address.kind) {
    case "socket":
      return { ...base, socketPath: address.socketPath };
    case "tcp": {
      const { host, port, tls } = address;
      // docker-modem makes a URL of it.
      const name = host.includes(":") ? `[${host}]` : host;
      return { ...base, host: name, port, ...(tls && { ...readTls(), protocol: "https" }) };
    }
  }
}
