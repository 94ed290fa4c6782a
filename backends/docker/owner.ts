/**
 * Whose a container is: labels name the process that started it, so that another one can tell when that is gone.
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";

/** What a container's labels say of its owner. */
export interface Owner {
  /** Nobody else's, and new with each process. */
  readonly owner: string;
  /** The machine's name. */
  readonly host: string;
  /** Which of its starts, and which of its spaces of process ids; empty when it can't be told. */
  readonly boot: string;
  readonly pid: number;
  /** When that process started, in ticks since the boot; empty when it can't be told. */
  readonly started: string;
}

/** The label that every container of this package has. */
export const OWNER_LABEL = "polyspawn.owner";

let self: Owner | undefined;

/** This process. */
export function thisOwner(): Owner {
  return self ??= {
    owner: crypto.randomUUID(),
    host: hostname(),
    boot: bootOf(),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/**
 * The labels of a container of this process.
 * @param name the container's name
 * @param keep whether it stays after its end until it is swept by name
 */
export function labelsOf(name: string, keep: boolean): Record<string, string> {
  const { owner, host, boot, pid, started } = thisOwner();
  return {
    [OWNER_LABEL]: owner,
    "polyspawn.name": name,
    "polyspawn.host": host,
    "polyspawn.boot": boot,
    "polyspawn.pid": String(pid),
    "polyspawn.started": started,
    "polyspawn.keep": String(keep),
  };
}

/** Reads labels back. */
export function ownerOf(labels: Readonly<Record<string, string>>): Owner {
  return {
    owner: labels[OWNER_LABEL] ?? "",
    host: labels["polyspawn.host"] ?? "",
    boot: labels["polyspawn.boot"] ?? "",
    pid: Number(labels["polyspawn.pid"]),
    started: labels["polyspawn.started"] ?? "",
  };
}

/**
 * Whether an owner is known to be gone: a process of this machine, since this boot, that does not live any more. Of
 * all others nothing is known, so they count as alive.
 */
export function isGone({ host, boot, pid, started }: Owner): boolean {
  const here = thisOwner();
  if (host !== here.host || boot !== here.boot || boot === "" || !(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A stranger's process may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const now = startOf(pid);
  return started !== "" && now !== "" && now !== started;
}

function bootOf(): string {
  // Elsewhere there is no container of containers to be told apart.
  if (process.platform !== "linux") return process.platform;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

/** The number of a process is used again; the time of its start tells two of them apart. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may contain anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
