/**
 * Looks executables up in the PATH of this process.
 * @module
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import process from "node:process";

/**
 * The path of the first executable file of that name; a name with a slash is a path already.
 *
 * A relative directory of PATH, or an empty one, starts at this process's working directory: not at the child's, which
 * a caller may choose.
 */
export async function findInHostPath(name: string): Promise<string | undefined> {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const paths = /[\\/]/.test(name) ? [name] : directories.map((directory) => resolve(directory, name));
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
