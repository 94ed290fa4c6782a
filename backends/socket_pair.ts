/**
 * Pairs of connected sockets, a few in advance: with one end as stdout and as stderr of a child, both share a
 * descriptor, and what is written to them keeps its order.
 *
 * Deno up to 2.9.5 closes the descriptor of every such socket twice, which can hit a descriptor that another thread got
 * in between; and its `node:child_process` leaves the child two more copies of it.
 * @module
 */
import { tmpdir } from "node:os";
import { ExecError } from "../src/errors.ts";
import { codeOf, connectPairs, isExhausted, type SocketPair } from "./connect_pairs.ts";

/** The most pairs made in advance: enough to share the cost of a listener, few enough to keep around. */
const MOST_SPARE = 8;
/** The most pairs made at once: more would only fill the listener's queue. */
const MOST_AT_ONCE = 32;
/** Codes for not being allowed to; the last is Deno's. */
const REFUSED = "EACCES EPERM EROFS NotCapable".split(" ");

const idle: SocketPair[] = [];
/** How many to make next; doubled each time, so that a program that runs one command keeps none around. */
let batch = 1;
let waiting = 0;
let filling: Promise<void> | undefined;

/**
 * Hands out a connected pair. It is the caller's: both ends are to be destroyed.
 * @throws {ExecError} A rejection with `resource_exhausted` (descriptors) or `os_permission` (no place for a socket)
 */
export async function takeSocketPair(): Promise<SocketPair> {
  waiting++;
  try {
    let pair = idle.pop();
    while (pair === undefined) {
      await (filling ??= fill().finally(() => filling = undefined));
      pair = idle.pop();
    }
    pair.host.ref();
    pair.child.ref();
    return pair;
  } finally {
    waiting--;
  }
}

/** Destroys the pairs nobody took: at most seven, and they keep no host alive. */
export function closeIdleSocketPairs(): void {
  for (const { host, child } of idle.splice(0)) {
    host.destroy();
    child.destroy();
  }
}

/** Makes the pairs that are waited for and a few more; at least one, or it rejects. */
async function fill(): Promise<void> {
  const count = Math.max(batch, Math.min(waiting, MOST_AT_ONCE));
  batch = Math.min(batch * 2, MOST_SPARE);
  const failures: unknown[] = [];
  // TMPDIR may be missing, full, too deep for a socket's path, or on a file system without sockets.
  for (const parent of new Set([temporaryDirectory(), "/tmp"])) {
    try {
      const pairs = await connectPairs(parent, count, failures);
      for (const { host, child } of pairs) {
        host.unref();
        child.unref();
      }
      idle.push(...pairs);
      if (pairs.length > 0) return;
    } catch (error) {
      failures.push(error);
    }
  }
  // One thing that is used up fails many ways, and not every failure of Bun's says which.
  throw explain(failures.find(isExhausted) ?? failures[0]);
}

function temporaryDirectory(): string {
  try {
    return tmpdir();
  } catch {
    return "/tmp"; // Deno, without leave to read TMPDIR
  }
}

function explain(cause: unknown): ExecError {
  const what = `No socket pair for merged output: ${(cause as Error).message}.`;
  const code = codeOf(cause);
  if (isExhausted(cause)) {
    const way = "Run fewer commands at a time, or raise the limit of open files (ulimit -n)";
    return new ExecError("resource_exhausted", `${what} ${way}.`, { cause, details: { code } });
  }
  const way = "Point TMPDIR to a writable directory with a short path";
  if (REFUSED.includes(code)) {
    const message = `${what} ${way}; under Deno, allow read, write and net there.`;
    return new ExecError("os_permission", message, { cause, details: { code } });
  }
  return new ExecError("internal", `${what} ${way}.`, { cause, details: { code } });
}
