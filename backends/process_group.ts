/**
 * Whether anything of a process group is left.
 * @module
 */
import { isDead, StatField, statField } from "./proc_stat.ts";

/** What of the system a runtime offers for this. */
export interface GroupSystem {
  /** Sends a signal, 0 only to ask; throws an error whose `code` is `"ESRCH"` when nothing is there. */
  signal(pid: number, signal: 0): void;
  /** The names in a directory; throws when it can't be read. */
  list(directory: string): readonly string[];
  /** The text of a file; throws when it can't be read. */
  text(path: string): string;
}

/** What was seen of one group, so that the next look need not look everywhere. */
export interface Seen {
  /** The number of a member that was alive. */
  alive?: string | undefined;
}

/** Time in ms that a look keeps the event loop at most: enough for about a thousand processes. */
const LONGEST_TURN = 10;

// As it was before a test could put a clock of its own in its place.
const { setTimeout } = globalThis as unknown as { setTimeout(callback: () => void, ms: number): unknown };

/**
 * Whether the group of a process that has ended is empty, or has only zombies. Ask no more once it was.
 * @param pid the process's number, which is its group's too
 * @param seen kept by the caller from one look to the next
 */
export function groupGone(pid: number, system: GroupSystem, seen: Seen): boolean | Promise<boolean> {
  return isEmpty(pid, system) || onlyZombies(pid, system, seen);
}

/** The same, but for zombies; as quick as can be. */
export function isEmpty(pid: number, system: GroupSystem): boolean {
  return !answers(-pid, system) || isRecycled(pid, system);
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
async function onlyZombies(pgid: number, system: GroupSystem, seen: Seen): Promise<boolean> {
  if (seen.alive !== undefined) {
    const member = memberOf(seen.alive, system);
    if (member?.group === pgid && member.alive) return false;
  }
  const found = (await tableOf(system).look()).get(pgid);
  seen.alive = found?.alive;
  return found !== undefined && found.alive === undefined;
}

/** The groups that have processes, each with the number of one that lives, if one does. */
type Groups = Map<number, { alive: string | undefined }>;

/**
 * Looks at all processes, once for all who ask at the same time. Files of /proc are read at once: through the runtime's
 * threads each would wait its turn, and on a busy machine a look then took longer than there is time to end a process.
 */
class ProcessTable {
  readonly #system: GroupSystem;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<Groups> | undefined;

  constructor(system: GroupSystem) {
    this.#system = system;
  }

  /** What a look finds that begins after this call: one under way may have passed what was asked for. */
  look(): Promise<Groups> {
    return this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const groups = this.#groups();
      this.#running = groups;
      return groups;
    });
  }

  async #groups(): Promise<Groups> {
    const groups: Groups = new Map();
    let pause = performance.now() + LONGEST_TURN;
    for (const name of this.#names()) {
      const member = memberOf(name, this.#system);
      if (member) {
        const known = groups.get(member.group);
        if (!known) groups.set(member.group, { alive: member.alive ? name : undefined });
        else if (member.alive) known.alive = name;
      }
      if (performance.now() < pause) continue;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      pause = performance.now() + LONGEST_TURN;
    }
    return groups;
  }

  #names(): readonly string[] {
    try {
      return this.#system.list("/proc").filter((name) => /^\d+$/.test(name));
    } catch {
      return []; // not Linux, or not allowed: nothing is known to be a zombie
    }
  }
}

const tables = new WeakMap<GroupSystem, ProcessTable>();

function tableOf(system: GroupSystem): ProcessTable {
  const table = tables.get(system) ?? new ProcessTable(system);
  tables.set(system, table);
  return table;
}

/** A process: its group, and whether it lives; `undefined` when it is gone. */
function memberOf(name: string, system: GroupSystem): { group: number; alive: boolean } | undefined {
  let stat: string;
  try {
    stat = system.text(`/proc/${name}/stat`);
  } catch {
    return undefined;
  }
  return { group: Number(statField(stat, StatField.group)), alive: !isDead(stat) };
}
