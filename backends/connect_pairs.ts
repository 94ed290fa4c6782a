/**
 * Connects unix sockets in pairs. Node has no `socketpair`, so a pair is made by listening and connecting.
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { connectReceiving } from "./received_bytes.ts";

/** Two connected sockets. */
export interface SocketPair {
  /** The end to read from; paused: attach the listeners, then `resume()`. */
  readonly host: Socket;
  /**
   * The end for the child, as two entries of `stdio`. Destroy it right after `spawn`, whatever came of that: while the
   * host holds it too, the end of the output is never seen.
   */
  readonly child: Socket;
}

/** `sun_path` holds 104 bytes on macOS and 108 on Linux; Node 20 cuts a longer path off without a word. */
const LONGEST_PATH = 100;
/** How often to look why nobody answers, in ms. */
const LOOK = 100;
/** How many looks to give an answer: a loop too busy to answer is too busy to look, so this is no time limit on it. */
const LOOKS = 10;
/** The length of a token, a UUID. */
const TOKEN_LENGTH = 36;

/**
 * Codes for being out of descriptors, memory or disk. The last three are what that looks like at the other end of a
 * connection; Bun shows them at this end too.
 */
const EXHAUSTED = "EMFILE ENFILE ENOMEM ENOBUFS EAGAIN ENOSPC EDQUOT ECONNREFUSED ECONNRESET ETIMEDOUT";

/**
 * Connects pairs through a socket in a fresh directory that is gone when this settles. Every accepted socket tells the
 * other end its token, so ends are matched by what came through them, and a stranger's connection matches nothing.
 * @param parent the directory to make that directory in
 * @param count how many pairs; fewer come when some fail
 * @param failures gets what went wrong
 * @throws {Error} When nothing can be made in `parent`
 */
export async function connectPairs(
  parent: string,
  count: number,
  failures: unknown[],
): Promise<SocketPair[]> {
  const prefix = resolve(parent, "polyspawn-");
  const length = Buffer.byteLength(join(`${prefix}123456`, "s"));
  if (length > LONGEST_PATH) throw new Error(`a socket's path in ${parent} would take ${length} bytes`);
  const directory = mkdtempSync(prefix); // mode 0700
  const path = join(directory, "s");
  const remove = () => {
    attempt(() => unlinkSync(path));
    attempt(() => rmdirSync(directory));
  };
  process.once("exit", remove);

  const accepted = new Map<string, Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const token = crypto.randomUUID();
    accepted.set(token, socket.on("error", ignore));
    socket.write(token);
  }).on("error", (error) => failures.push(error));
  try {
    // Else in a worker of node:cluster the primary would listen, and share what it accepts among the workers.
    server.listen({ path, exclusive: true });
    const pairs: SocketPair[] = [];
    for (const end of await Promise.allSettled(Array.from({ length: count }, () => connectHost(path)))) {
      if (end.status === "rejected") {
        failures.push(end.reason);
        continue;
      }
      const { host, token } = end.value;
      const child = accepted.get(token);
      accepted.delete(token);
      if (child === undefined) {
        host.destroy();
        failures.push(failure("EACCES", `something else answered at ${path}`));
      } else pairs.push({ host, child });
    }
    return pairs;
  } finally {
    for (const stranger of accepted.values()) stranger.destroy();
    attempt(() => server.close());
    remove();
    process.off("exit", remove);
  }
}

/** Connects, and reads the token of the socket at the other end. */
function connectHost(path: string): Promise<{ host: Socket; token: string }> {
  return new Promise((settle, reject) => {
    const host = connectReceiving(path);
    // It stays for good: a reset connection must not crash the process, whatever the caller listens to.
    host.on("error", ignore);
    let token = "";
    let looks = 0;
    const stop = () => {
      clearInterval(timer);
      host.off("data", receive).off("error", fail).off("close", closed);
    };
    const fail = (error: unknown) => {
      stop();
      host.destroy();
      reject(error);
    };
    const closed = () => fail(failure("ECONNRESET", "a connection to it was closed"));
    const receive = (chunk: Uint8Array) => {
      token += Buffer.from(chunk).toString("latin1");
      if (token.length < TOKEN_LENGTH) return;
      host.pause();
      stop();
      settle({ host, token });
    };
    // Without a free descriptor Bun neither accepts a connection nor says so.
    const timer = setInterval(() => {
      const error = outOfDescriptors();
      if (error !== undefined) fail(error);
      else if (++looks === LOOKS) fail(failure("ETIMEDOUT", "a connection to it was not accepted"));
    }, LOOK);
    host.on("data", receive).on("error", fail).on("close", closed);
  });
}

function outOfDescriptors(): unknown {
  try {
    closeSync(openSync("/dev/null", "r"));
  } catch (error) {
    if (isExhausted(error)) return error;
  }
  return undefined;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Whether an error says that descriptors, memory or disk ran out. */
export function isExhausted(error: unknown): boolean {
  return EXHAUSTED.split(" ").includes(codeOf(error));
}

/** The code of a system error; for an error of Deno's permissions its name. */
export function codeOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? "";
}

function ignore(): void {}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Already gone, or never there.
  }
}
