/**
 * Programs that belong to Windows, by their full paths: a name alone could be anybody's.
 * @module
 */
import { variable } from "./environment.ts";

/** The path of a program of Windows. */
export function systemProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return `${systemRoot(env)}\\System32\\${name}`;
}

/** Where Windows is; a value that is no full path is not believed. */
function systemRoot(env: Readonly<Record<string, string | undefined>>): string {
  const root = variable(env, "SystemRoot") ?? "";
  return /^[A-Za-z]:\\[^"]*[^\\"]$/.test(root) ? root : "C:\\Windows";
}
