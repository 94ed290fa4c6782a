/**
 * A local process and its group, from its start until nothing of it is left.
 * @module
 */
import type { SpawnRequest } from "../src/backend.ts";
import type { LiveChild, LiveChildren } from "./live_children.ts";
import { groupGone, type GroupSystem, isEmpty, isRecycled, type Seen } from "./process_group.ts";
import type { Watch, Watched, Watcher } from "./watchdog.ts";

/** What a runtime gives to watch and kill a process of its own. */
export interface LiveGroupOptions {
  readonly pid: number;
  /** When it was started, as `/proc` has it, where whoever started it told. */
  readonly startTime?: string;
  readonly request: SpawnRequest;
  readonly live: LiveChildren;
  readonly system: GroupSystem;
  /** Sends SIGKILL to the group, or to the process where it leads none. */
  readonly kill: () => void;
  /** Kills it when the host is killed; armed before it was started. */
  readonly watcher?: Watcher | undefined;
}

/** Counts a process as live, and knows what of it is left. */
export class LiveGroup implements LiveChild, Watched {
  readonly #options: LiveGroupOptions;
  readonly #seen: Seen = {};
  readonly #watch: Watch | undefined;
  #noted = false;
  #exited = false;
  #ended = false;

  constructor(options: LiveGroupOptions) {
    this.#options = options;
    // First of all: until then it would outlive a host that is killed.
    this.#watch = options.watcher?.add(this);
    const { handleSignals = true, stdin } = options.request;
    options.live.add(this, { handleSignals, foreground: stdin === "inherit" });
  }

  get pid(): number {
    return this.#options.pid;
  }

  get group(): boolean {
    return this.#options.request.group;
  }

  get startTime(): string | undefined {
    return this.#options.startTime;
  }

  /** Settles when it is certain to be killed with the host, where that was asked for; `undefined` when it is already. */
  get watched(): Promise<void> | undefined {
    return this.#watch?.told;
  }

  /** Whether the process itself has ended: its number may be somebody else's then. */
  get exited(): boolean {
    return this.#exited;
  }

  /** The end of the process is seen, and nobody is told yet. */
  noteEnd(): void {
    if (this.#noted) return;
    this.#noted = true;
    this.#options.live.noteEnd();
  }

  /** The process itself has ended. */
  onExit(signal: string | undefined): void {
    this.noteEnd();
    this.#exited = true;
    this.#options.live.exited(this, signal);
    if (!this.group) this.#end();
    else if (this.#watch && !this.isEmpty()) this.#watch.orphan();
  }

  isEmpty(): boolean {
    const empty = isEmpty(this.pid, this.#options.system);
    if (empty) this.#end();
    return empty;
  }

  /** Whether nothing of the group is left. */
  gone(): boolean | Promise<boolean> {
    if (!this.group) return this.#exited;
    if (this.#ended) return true;
    const gone = groupGone(this.pid, this.#options.system, this.#seen);
    if (gone === true) this.#end();
    else if (gone !== false) void gone.then((answer) => answer && this.#end());
    return gone;
  }

  killNow(): void {
    const { pid, request, system, kill } = this.#options;
    if (this.#exited && (!request.group || isRecycled(pid, system))) return;
    try {
      kill();
    } catch {
      // Not allowed: the host ends all the same.
    }
  }

  /** Nothing is left of it: its number may be somebody else's from now on. */
  #end(): void {
    this.#ended = true;
    this.#options.live.delete(this);
    this.#watch?.end();
  }
}
