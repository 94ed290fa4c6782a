/**
 * Which file a command's name means on Windows.
 * @module
 */
import { variable, type Variables } from "./environment.ts";

/** What can be started: programs by the system, batch files by cmd.exe. Others, such as `.js`, open an application. */
const STARTABLE = [".com", ".exe", ".bat", ".cmd"];

/** Whether there is a file, or a directory, at a path. */
export type IsFile = (path: string) => Promise<boolean>;

/** Where to look. */
export interface Lookup {
  /** The variables that hold `PATH` and `PATHEXT`. */
  readonly variables: Variables;
  /** The directory that relative paths start at; absolute. */
  readonly cwd: string;
  readonly isFile: IsFile;
  /** `path.win32.resolve`. */
  readonly resolve: (...paths: string[]) => string;
}

/**
 * The file a name means: a path starts at the command's working directory, a bare name is looked up in `PATH` and nowhere
 * else. Windows itself looks into the working directory first, where a stranger's `git.exe` may lie in wait.
 * @returns its full path; `undefined` when there is none
 */
export async function findFile(name: string, lookup: Lookup): Promise<string | undefined> {
  const { variables, cwd, isFile, resolve } = lookup;
  const directories = isPath(name) ? [cwd] : pathOf(variables).map((directory) => resolve(cwd, directory));
  const suffixes = suffixesOf(name, variables);
  for (const directory of directories) {
    for (const suffix of suffixes) {
      const path = resolve(directory, name) + suffix;
      if (await isFile(path)) return path;
    }
  }
  return undefined;
}

/** Whether the system or cmd.exe can start a file, by its name. */
export function isStartable(path: string): boolean {
  return STARTABLE.includes(extensionOf(path));
}

/** Whether a name is a path, and not looked up: `./x`, `C:\x`, and `C:x` on the drive's own working directory. */
export function isPath(name: string): boolean {
  return /[\\/]|^[A-Za-z]:/.test(name);
}

/** The ending of a file name in lower case, with its dot; empty without one. */
export function extensionOf(path: string): string {
  return /\.[^.\\/:]*$/.exec(path)?.[0].toLowerCase() ?? "";
}

function pathOf(variables: Variables): string[] {
  const entries = (variable(variables, "PATH") ?? "").split(";");
  // An entry may stand in quotes, for the sake of a semicolon. An empty one is none.
  return entries.map((entry) => entry.replaceAll('"', "").trim()).filter((entry) => entry !== "");
}

/** What may follow a name: a whole name stands for itself first, any other for a script without an ending last. */
function suffixesOf(name: string, variables: Variables): string[] {
  const listed = (variable(variables, "PATHEXT") ?? STARTABLE.join(";")).toLowerCase().split(";");
  const suffixes = listed.map((each) => each.trim()).filter((each) => STARTABLE.includes(each));
  const ordered = suffixes.length > 0 ? suffixes : STARTABLE;
  return isStartable(name) ? ["", ...ordered] : [...ordered, ""];
}
