/**
 * Whether anything of a process group is left.
 * @module
 */

/** What of the system a runtime offers for this. */
export interface GroupSystem {
  /** Sends a signal, 0 only to ask; throws an error whose `code` is `"ESRCH"` when nothing is there. */
  signal(pid: number, signal: 0): void;
  /** The names in a directory; rejects when it can't be read. */
  list(directory: string): Promise<readonly string[]>;
  /** The text of a file; rejects when it can't be read. */
  text(path: string): Promise<string>;
}

/**
 * Whether the group of a process that has ended is empty, or has only zombies. Ask no more once it was.
 * @param pid the process's number, which is its group's too
 */
export function groupGone(pid: number, system: GroupSystem): boolean | Promise<boolean> {
  if (!answers(-pid, system)) return true;
  if (isRecycled(pid, system)) return true;
  return onlyZombies(pid, system);
}

/**
 * Whether the number of a process that has ended was given to a stranger. The number of a group in use is given to no
 * process: one that answers to it means that the group is gone.
 */
export function isRecycled(pid: number, system: GroupSystem): boolean {
  return answers(pid, system);
}

function answers(pid: number, system: GroupSystem): boolean {
  // Almost every process ends with an empty group, told by an error: collecting its stack would be the dearest part.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    system.signal(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ESRCH";
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Zombies wait for a parent outside the group, for ever where nobody reaps (a container without an init). */
async function onlyZombies(pgid: number, system: GroupSystem): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await system.list("/proc");
  } catch {
    return false;
  }
  let members = 0;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    let stat: string;
    try {
      stat = await system.text(`/proc/${name}/stat`);
    } catch {
      continue;
    }
    // The name in parentheses may hold anything, a parenthesis too.
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(group) !== pgid) continue;
    if (state !== "Z" && state !== "X") return false;
    members++;
  }
  return members > 0;
}
