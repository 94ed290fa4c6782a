/**
 * An engine over ssh: its socket, forwarded by the system's own ssh, which knows hosts, keys and settings.
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ExecError } from "../../src/errors.ts";
import type { Address, DirectAddress } from "./address.ts";

/** A forwarded socket. */
export interface Forward {
  readonly address: DirectAddress;
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;
  close(): void;
}

const READY = "polyspawn-ready";
/** Outlives this process, also when that is killed by SIGKILL, and so can remove what ssh leaves. */
const KEEPER = 'ssh "$@"; code=$?; rm -rf "$0"; exit "$code"';
/** Whatever is asked is answered by no: nobody is there to type. */
const OPTIONS = ["BatchMode=yes", "ExitOnForwardFailure=yes", "ServerAliveInterval=15", "ConnectTimeout=30"];

/**
 * Starts ssh. It ends with this process, however that ends: its input does.
 * @throws {ExecError} A rejection with `backend_unavailable`, and what ssh said
 */
export async function forward(address: Extract<Address, { kind: "ssh" }>): Promise<Forward> {
  const { destination, port, socketPath, shown } = address;
  const directory = mkdtempSync(join(tmpdir(), "polyspawn-ssh-"));
  const local = join(directory, "socket");
  const args = [
    ...OPTIONS.flatMap((option) => ["-o", option]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...["-T", "-L", `${local}:${socketPath}`, destination, `echo ${READY}; exec cat`],
  ];
  const [file, ...words] = process.platform === "win32"
    ? ["ssh", ...args] as const
    : ["/bin/sh", "-c", KEEPER, directory, ...args] as const;
  // In a session of its own: Ctrl-C at the terminal must not end it before the containers are ended.
  const ssh = spawn(file, words, { stdio: ["pipe", "pipe", "pipe"], detached: true, windowsHide: true });
  let told = "";
  ssh.stdin.on("error", () => {});
  ssh.stderr.setEncoding("utf8").on("data", (text: string) => told = (told + text).slice(-2_000));
  const closed = new Promise<void>((resolve) => {
    const end = () => {
      rmSync(directory, { recursive: true, force: true });
      resolve();
    };
    ssh.once("exit", end);
    ssh.once("error", (error) => {
      told += error.message;
      end();
    });
  });
  const ready = new Promise<boolean>((resolve) => {
    let text = "";
    ssh.stdout.setEncoding("utf8").on("data", (part: string) => {
      text = (text + part).slice(-2_000);
      if (text.includes(READY)) resolve(true);
    });
  });
  if (!(await Promise.race([ready, closed]))) {
    const why = told.trim() || "ssh ended without a word";
    const message = `The Docker engine at ${shown} can't be reached: ${why}. ` +
      `Check that "ssh ${destination}" works without a question.`;
    throw new ExecError("backend_unavailable", message, { details: { host: shown } });
  }
  // It is there for commands, and must not keep the host alive by itself.
  ssh.unref();
  for (const stream of [ssh.stdin, ssh.stdout, ssh.stderr]) (stream as unknown as Partial<Socket>).unref?.();
  return {
    address: { kind: "socket", socketPath: local, shown },
    closed,
    close: () => void ssh.stdin.end(),
  };
}
