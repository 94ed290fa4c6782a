/**
 * Where the engine is: what `host` says, or the environment, or the usual socket.
 * @module
 */
import { accessSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ExecError } from "../../src/errors.ts";

/** The keys for TLS, as PEM. */
export interface Tls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An address that can be connected to. */
export type DirectAddress = Exclude<Address, { kind: "ssh" }>;

/** An engine's address. */
export type Address =
  & {
    /** For people. */
    readonly shown: string;
  }
  & (
    | { readonly kind: "socket"; readonly socketPath: string }
    | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: boolean }
    | {
      readonly kind: "ssh";
      /** The machine, with the user where one is named. */
      readonly destination: string;
      readonly port: number | undefined;
      /** The engine's socket over there. */
      readonly socketPath: string;
    }
  );

const WINDOWS = process.platform === "win32";

/**
 * Finds the engine.
 * @param host what the configuration says; as the variable DOCKER_HOST has it
 */
export function engineAddress(host: string | undefined): Address {
  const named = host ?? (process.env["DOCKER_HOST"] || undefined);
  if (named === undefined) {
    const usual = usualSocket();
    return { kind: "socket", shown: `${WINDOWS ? "npipe" : "unix"}://${usual}`, socketPath: usual };
  }
  const socketPath = /^(?:unix|npipe):\/\/(.+)$/.exec(named)?.[1];
  if (socketPath !== undefined) return { kind: "socket", shown: named, socketPath };
  const url = parse(named);
  const { protocol, hostname } = url;
  switch (protocol) {
    case "ssh:":
      // What begins with a dash would be an option of ssh.
      if (hostname === "" || /^-/.test(decodeURIComponent(url.username) || hostname)) break;
      return {
        kind: "ssh",
        shown: named,
        destination: (url.username ? `${decodeURIComponent(url.username)}@` : "") + hostname,
        port: url.port ? Number(url.port) : undefined,
        socketPath: url.pathname.length > 1 ? url.pathname : "/var/run/docker.sock",
      };
    case "tcp:":
    case "http:":
    case "https:": {
      const secure = protocol === "https:" ||
        (protocol === "tcp:" && (process.env["DOCKER_TLS_VERIFY"] ?? "") !== "");
      const port = Number(url.port || (secure ? 2376 : 2375));
      // Brackets belong to the URL of an IPv6 address, not to the address.
      const bare = hostname.replace(/^\[(.*)\]$/, "$1");
      return { kind: "tcp", shown: named, host: bare, port, tls: secure };
    }
  }
  throw wrongHost(named);
}

function usualSocket(): string {
  if (WINDOWS) return "//./pipe/docker_engine";
  const desktop = join(homedir(), ".docker/run/docker.sock");
  try {
    accessSync(desktop);
    return desktop;
  } catch {
    return "/var/run/docker.sock";
  }
}

function parse(host: string): URL {
  try {
    return new URL(host.includes("://") ? host : `tcp://${host}`);
  } catch {
    throw wrongHost(host);
  }
}

function wrongHost(host: string): ExecError {
  const message =
    `host: expected an address such as "unix:///var/run/docker.sock", "tcp://10.0.0.5:2376" or ` +
    `"ssh://user@build.example.com", got ${JSON.stringify(host)}.`;
  return new ExecError("invalid_option", message, { details: { path: "host" } });
}

/**
 * Reads the keys from where the Docker client has them.
 * @throws {ExecError} `backend_unavailable` when one can't be read
 */
export function readTls(): Tls {
  const directory = process.env["DOCKER_CERT_PATH"] || join(homedir(), ".docker");
  const read = (name: string) => {
    try {
      return readFileSync(join(directory, name), "utf8");
    } catch (cause) {
      const message = `The engine is to be reached with TLS, but ${join(directory, name)} can't be read: ` +
        `let DOCKER_CERT_PATH name a directory with ca.pem, cert.pem and key.pem.`;
      throw new ExecError("backend_unavailable", message, { cause, retryable: false });
    }
  };
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}
