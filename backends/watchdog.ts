/**
 * Kills what still runs when the host itself is killed: a process of its own, told of every child and read by no other,
 * sees the end of its input when the host is gone, however that went.
 * @module
 */
import { WATCHDOG_SCRIPT } from "./watchdog_script.ts";

/** A child to be killed when the host is gone. */
export interface Watched {
  readonly pid: number;
  /** Whether it leads a group; else only the process itself is killed. */
  readonly group: boolean;
  /** When it was started, as `/proc` has it, where whoever started it told. */
  readonly startTime?: string | undefined;
  /** Whether nothing of the group is there any more; asked after its first process has ended, and told to who owns it. */
  isEmpty(): boolean;
}

/** What a watchdog knows of a child. */
export interface Watch {
  /** Settles when the watchdog is certain to hear of it, whatever happens to the host; `undefined` when it is already. */
  readonly told: Promise<void> | undefined;
  /** Its first process has ended, and something of the group is left. */
  orphan(): void;
  /** Nothing is left of it. */
  end(): void;
}

/** Something that kills children when the host is gone. */
export interface Watcher {
  /** Makes ready for a child about to be started: between its start and `add` nobody knows of it. */
  arm(): void;
  /** Watches a child that was just started. */
  add(child: Watched): Watch;
}

/** The pipe to a running watchdog. */
export interface WatchdogPipe {
  /** Sends text; where that can't be done at once, the answer tells when it is, and never rejects. */
  send(text: string): Promise<void> | undefined;
  /** Ends its input, and so the watchdog, when it has nothing left to kill. */
  end(): void;
}

/** What a runtime does for a watchdog. */
export interface WatchdogRuntime {
  /**
   * Starts it: with its stdin as a pipe that no other child gets, in a session of its own, and keeping no host alive.
   * @param onEnd called when it has ended, or could not start, and with whether it had told that it works
   */
  start(argv: readonly [string, ...string[]], onEnd: (why: string, worked?: boolean) => void): WatchdogPipe;
  /** When a process was started, as `/proc` has it; empty when that can't be told. */
  startTime(pid: number): string;
  /** Calls back after some ms, again and again, and keeps no host alive by it. */
  every(ms: number, callback: () => void): unknown;
  /** Ends that. */
  clear(timer: unknown): void;
  /** Tells the host's owner. */
  warn(message: string): void;
  /** For how many ticks it stays with nothing to watch (default 1). */
  readonly idleTicks?: number;
  /** Whether it is needed although there is nothing to watch. */
  isBusy?(): boolean;
  /** What to warn of when it can't run (default: that there is no watchdog). */
  complaint?(why: string): string;
}

interface Entry {
  readonly child: Watched;
  readonly key: string;
  readonly startTime: string;
  /** When its first process was found to have ended, on the clock of `performance`. */
  orphanedAt?: number;
}

/** Its last word shows in `ps` what it is. */
const ARGV = ["/bin/sh", "-c", WATCHDOG_SCRIPT, "polyspawn-watchdog"] as const;
/** How often to look after groups without their first process, and whether there is anything to watch, in ms. */
const TICK = 1_000;
/** How many in a row may end soon after their start and be replaced. */
const MOST_SHORT_LIVED = 3;

/** One watchdog of a host, started with the first child and gone within two ticks after the last. */
export class Watchdog implements Watcher {
  readonly #runtime: WatchdogRuntime;
  readonly #entries = new Map<string, Entry>();
  #pipe: WatchdogPipe | undefined;
  #timer: unknown;
  #isUsed = false;
  #isWarned = false;
  /** Since when no start is tried, because one failed; on the clock of `performance`. */
  #failedAt = -Infinity;
  #startedAt = -Infinity;
  #idle = 0;
  /** How many in a row have ended soon after their start. */
  #shortLived = 0;

  constructor(runtime: WatchdogRuntime) {
    this.#runtime = runtime;
  }

  arm(): void {
    this.#isUsed = true;
    if (this.#pipe || performance.now() - this.#failedAt < TICK) return;
    this.#startedAt = performance.now();
    let pipe: WatchdogPipe | undefined;
    try {
      pipe = this.#runtime.start(ARGV, (why, worked) => {
        if (pipe === undefined || this.#pipe === pipe) this.#onEnd(why, worked);
      });
    } catch (error) {
      return this.#fail((error as Error).message);
    }
    this.#pipe = pipe;
    this.#timer ??= this.#runtime.every(TICK, () => this.#tick());
    for (const entry of this.#entries.values()) void this.#tell(entry);
  }

  add(child: Watched): Watch {
    const key = `${child.group ? "g" : "p"}${child.pid}`;
    const startTime = child.startTime ?? this.#runtime.startTime(child.pid);
    const entry: Entry = { child, key, startTime };
    // An entry under this key is of a group that went empty unseen: its number is this child's now.
    this.#entries.set(key, entry);
    const told = this.#tell(entry);
    const isCurrent = () => this.#entries.get(key) === entry;
    return {
      told,
      orphan: () => {
        if (!isCurrent() || entry.orphanedAt !== undefined) return;
        entry.orphanedAt = performance.now();
        void this.#pipe?.send(`x ${key} 0\n`);
      },
      end: () => {
        if (!isCurrent()) return;
        this.#entries.delete(key);
        void this.#pipe?.send(`- ${key}\n`);
      },
    };
  }

  #tell({ key, startTime, orphanedAt }: Entry): Promise<void> | undefined {
    const told = this.#pipe?.send(`+ ${key} ${startTime}\n`);
    if (orphanedAt === undefined) return told;
    return this.#pipe?.send(`x ${key} ${Math.ceil((performance.now() - orphanedAt) / 10)}\n`);
  }

  #tick(): void {
    for (const { child, key, orphanedAt } of [...this.#entries.values()]) {
      if (orphanedAt !== undefined && !child.isEmpty()) void this.#pipe?.send(`r ${key}\n`);
    }
    const isIdle = this.#entries.size === 0 && !this.#isUsed && !this.#runtime.isBusy?.();
    this.#isUsed = false;
    this.#idle = isIdle ? this.#idle + 1 : 0;
    if (this.#idle >= (this.#runtime.idleTicks ?? 1)) this.#stop();
  }

  #stop(): void {
    const pipe = this.#pipe;
    this.#pipe = undefined;
    this.#runtime.clear(this.#timer);
    this.#timer = undefined;
    this.#idle = 0;
    pipe?.end();
  }

  /** It ended although nobody told it to: another takes its place, unless it would only end as soon. */
  #onEnd(why: string, worked = false): void {
    const isLasting = performance.now() - this.#startedAt > TICK;
    this.#shortLived = isLasting ? 0 : this.#shortLived + 1;
    this.#stop();
    if (!isLasting && !(worked && this.#shortLived <= MOST_SHORT_LIVED)) return this.#fail(why);
    if (this.#entries.size > 0) this.arm();
  }

  #fail(why: string): void {
    this.#failedAt = performance.now();
    if (this.#isWarned) return;
    this.#isWarned = true;
    const what =
      "polyspawn: there is no watchdog, so what this process starts outlives it when it is killed by SIGKILL.";
    this.#runtime.warn(this.#runtime.complaint?.(why) ?? `${what} ${ARGV[0]}: ${why}`);
  }
}
