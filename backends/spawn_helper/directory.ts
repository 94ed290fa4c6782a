/**
 * The directory of a helper's socket.
 * @module
 */
import { Buffer } from "node:buffer";
import { mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** `sun_path` holds 104 bytes on macOS and 108 on Linux; Node 20 cuts a longer path off without a word. */
const LONGEST_PATH = 100;
/** What `mkdtemp` and the socket's own name add. */
const ADDED = Buffer.byteLength("123456/s");

/**
 * Makes a fresh directory that only this user may enter.
 * @throws {Error} When there is no place for one
 */
export function makeSocketDirectory(): string {
  let failure: unknown;
  for (const parent of new Set([tmpdir(), "/tmp"])) {
    try {
      const prefix = resolve(parent, "polyspawn-");
      const length = Buffer.byteLength(prefix) + ADDED;
      if (length > LONGEST_PATH) throw new Error(`a socket's path in ${parent} would take ${length} bytes`);
      return mkdtempSync(prefix); // mode 0700
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Removes it, where the helper could not. */
export function removeSocketDirectory(directory: string): void {
  for (const remove of [() => unlinkSync(join(directory, "s")), () => rmdirSync(directory)]) {
    try {
      remove();
    } catch {
      // The helper did.
    }
  }
}
