/** A log of lines of 100 bytes, for commands that print many: `cat` writes it faster than a program makes lines. */
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "../tools.mjs";

const LINE =
  "2026-01-01T00:00:00.000Z INFO  worker-17 request handled path=/api/v1/items status=200 in 12 ms abc\n";
const LINES = Math.floor(2 ** 24 / LINE.length);

export const LOG = { path: join(root, ".build/bench.log"), bytes: LINES * LINE.length };

/** Writes it, where it is not there yet. */
export function writeLog() {
  if (existsSync(LOG.path) && statSync(LOG.path).size === LOG.bytes) return;
  mkdirSync(join(root, ".build"), { recursive: true });
  const unfinished = `${LOG.path}.${process.pid}`;
  writeFileSync(unfinished, LINE.repeat(LINES));
  renameSync(unfinished, LOG.path);
}
