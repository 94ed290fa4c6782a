/**
 * The file of a cassette.
 * @module
 */
import { invalidOption, show } from "../../check.ts";
import type { ExecError } from "../../errors.ts";
import { checkPath } from "../../location.ts";
import { type Cassette, fromText, invalidCassette, toText } from "./format.ts";

/** The path of a cassette. */
export function cassettePath(value: string | URL | undefined): string {
  const path = checkPath("cassette", value, "file");
  if (path === undefined) {
    throw invalidOption("cassette", `is required: give the path of a file, got ${show(value)}.`);
  }
  return path;
}

/** An `invalid_cassette` error for a file that is not there. */
export function missingCassette(path: string): ExecError {
  const remedy = "Record it with recordBackend() and its save().";
  return invalidCassette(path, "does not exist.", undefined, remedy);
}

/** Every runtime has node's file system; it is loaded only when a cassette is read or written. */
const files = () => import("node:fs/promises");

/**
 * Reads a cassette; `undefined` when there is no such file.
 * @throws {ExecError} A rejection with `invalid_cassette`
 */
export async function readCassette(path: string): Promise<Cassette | undefined> {
  const { readFile } = await files();
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") return undefined;
    const problem = `can't be read: ${(cause as Error).message}.`;
    throw invalidCassette(path, problem, cause, "Give the path of a file that may be read.");
  }
  return fromText(text, path);
}

/**
 * Writes a cassette: whoever reads it meanwhile sees the old one or the new one, whole. A link stays a link, and who
 * may read the old one may read the new one, and nobody else.
 * @throws {ExecError} A rejection with `invalid_cassette`
 */
export async function writeCassette(path: string, cassette: Cassette): Promise<void> {
  const { chmod, mkdir, realpath, rename, rm, stat, writeFile } = await files();
  const target = await realpath(path).catch(() => path);
  const old = await stat(target).catch(() => undefined);
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  const [directory] = /^.*[\\/]/.exec(target) ?? [];
  try {
    if (directory) await mkdir(directory, { recursive: true });
    // Not by its mode alone: the umask would take from that.
    await writeFile(temporary, toText(cassette), { flag: "wx", ...(old && { mode: old.mode & 0o600 }) });
    if (old) await chmod(temporary, old.mode & 0o777);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const problem = `can't be written: ${(cause as Error).message}.`;
    throw invalidCassette(path, problem, cause, "Nothing was changed.");
  }
}
