/**
 * Looks into a container that has not started: whether its command and its working directory are there.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import type { Engine, PathStat } from "./engine.ts";

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** What is at a path, at the end of all links. */
export async function statThrough(engine: Engine, id: string, path: string): Promise<PathStat | undefined> {
  for (let links = 0; links < MOST_LINKS; links++) {
    const found = await engine.stat(id, path);
    if (found?.link === undefined) return found;
    path = found.link;
  }
  return undefined;
}

/** Whether the engine can look into the container at all. With a mount that fails it can't; the start tells why. */
export async function canBeSeen({ engine, id }: Place): Promise<boolean> {
  return await engine.stat(id, "/") !== undefined;
}

/** Where in a container, and in which image. */
export interface Place {
  readonly engine: Engine;
  readonly id: string;
  readonly imageId: string;
  /** Where other file systems begin: what is there changes. */
  readonly mounts: { readonly volumes: readonly string[]; readonly tmpfs: readonly string[] };
}

/** Executables that were seen in images; an image never changes. */
export type Known = Set<string>;

/**
 * Checks that the command is there. The engine's init would find out too late: it is running by then.
 * @throws {ExecError} A rejection with `command_not_found` or `os_permission`
 */
export async function checkExecutable(
  place: Place,
  argv: SpawnRequest["argv"],
  { cwd, searchPath }: { readonly cwd: string; readonly searchPath: string },
  known: Known,
): Promise<void> {
  const [name] = argv as readonly [string];
  const candidates = name.includes("/")
    ? [join(cwd, name)]
    : searchPath.split(":").map((directory) => join(join(cwd, directory), name));
  const key = [place.imageId, ...candidates].join("\0");
  if (known.has(key)) return;
  const found = await Promise.all(candidates.map((path) => statThrough(place.engine, place.id, path)));
  if (name !== "" && found.some((each) => each && !each.directory && each.executable)) {
    if (!candidates.some((path) => isMounted(place, path))) known.add(key);
    return;
  }
  if (!(await canBeSeen(place))) return;
  const shown = JSON.stringify(name);
  // A search goes on past what it can't execute, but tells of it in the end; one past directories does not.
  const refused = found.some((each) => each && (name.includes("/") || !each.directory));
  if (refused && name !== "") {
    const message = `The image refuses to run ${shown}: check that it is a file with execute permission.`;
    throw new ExecError("os_permission", message);
  }
  const where = name.includes("/") ? "there is no such file in the image" : `it is not in ${searchPath}`;
  throw new ExecError("command_not_found", `Command ${shown} was not found: ${where}.`);
}

/**
 * Checks that the working directory is there. An engine makes one that is missing, when the container is created: then
 * it is among what differs from the image.
 * @throws {ExecError} A rejection with `cwd_not_found`
 */
export async function checkCwd(place: Place, cwd: string | undefined): Promise<void> {
  if (cwd === undefined) return;
  const path = join("/", cwd);
  const { engine, id, mounts } = place;
  if (isBelow(path, mounts.tmpfs)) {
    if (!mounts.tmpfs.some((each) => join("/", each) === path)) throw cwdNotFound(cwd);
    return;
  }
  if (isBelow(path, mounts.volumes)) {
    if (!(await statThrough(engine, id, path))?.directory && await canBeSeen(place)) throw cwdNotFound(cwd);
    return;
  }
  const made = await engine.changes(id);
  if (made.some(({ Path, Kind }) => Kind === 1 && Path === path)) throw cwdNotFound(cwd);
}

/** The error for a working directory that is missing or no directory. */
export function cwdNotFound(cwd: string, cause?: unknown): ExecError {
  const message = `Working directory ${
    JSON.stringify(cwd)
  } does not exist in the container, or is not a directory.`;
  return new ExecError("cwd_not_found", message, { cause, details: { cwd } });
}

function isMounted({ mounts }: Place, path: string): boolean {
  return isBelow(path, mounts.volumes) || isBelow(path, mounts.tmpfs);
}

function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.map((each) => join("/", each)).some((each) =>
    path === each || path.startsWith(each === "/" ? each : `${each}/`)
  );
}

/** A path from a directory, without dots and doubled slashes. */
function join(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${directory}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
