/**
 * What Node finds where a working directory should be.
 * @module
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { Found } from "./start_errors.ts";

/** Looks at a path. */
export async function look(path: string): Promise<Found> {
  try {
    if (!(await stat(path)).isDirectory()) return "other";
    await access(path, constants.X_OK);
    return "directory";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "nothing" : code === "EACCES" ? "forbidden" : "unknown";
  }
}
