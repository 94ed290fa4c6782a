/**
 * The file of a cassette.
 * @module
 */
import { invalidOption, show } from "../../check.ts";
import type { ExecError } from "../../errors.ts";
import { checkCwd } from "../../location.ts";
import { type Cassette, fromText, invalidCassette, toText } from "./format.ts";

/** The path of a cassette. */
export function cassettePath(value: string | URL | undefined): string {
  const path = checkCwd("cassette", value);
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
 * Writes a cassette: whoever reads it meanwhile sees the old one or the new one, whole.
 * @throws {ExecError} A rejection with `invalid_cassette`
 */
export async function writeCassette(path: string, cassette: Cassette): Promise<void> {
  const { mkdir, rename, rm, writeFile } = await files();
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const [directory] = /^.*[\\/]/.exec(path) ?? [];
  try {
    if (directory) await mkdir(directory, { recursive: true });
    await writeFile(temporary, toText(cassette), { flag: "wx" });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const problem = `can't be written: ${(cause as Error).message}.`;
    throw invalidCassette(path, problem, cause, "Nothing was changed.");
  }
}
