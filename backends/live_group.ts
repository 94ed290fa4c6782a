/**
 * A local process and its group, from its start until nothing of it is left.
 * @module
 */
import type { SpawnRequest } from "../src/backend.ts";
import type { LiveChild, LiveChildren } from "./live_children.ts";
import { groupGone, type GroupSystem, isRecycled, type Seen } from "./process_group.ts";

/** What a runtime gives to watch and kill a process of its own. */
export interface LiveGroupOptions {
  readonly pid: number;
  readonly request: SpawnRequest;
  readonly live: LiveChildren;
  readonly system: GroupSystem;
  /** Sends SIGKILL to the group, or to the process where it leads none. */
  readonly kill: () => void;
}

/** Counts a process as live, and knows what of it is left. */
export class LiveGroup implements LiveChild {
  readonly #options: LiveGroupOptions;
  readonly #seen: Seen = {};
  #exited = false;

  constructor(options: LiveGroupOptions) {
    this.#options = options;
    const { handleSignals = true, stdin } = options.request;
    options.live.add(this, { handleSignals, foreground: stdin === "inherit" });
  }

  /** Whether the process itself has ended: its number may be somebody else's then. */
  get exited(): boolean {
    return this.#exited;
  }

  /** The process itself has ended. */
  onExit(signal: string | undefined): void {
    this.#exited = true;
    this.#options.live.exited(this, signal);
    if (!this.#options.request.group) this.#options.live.delete(this);
  }

  /** Whether nothing of the group is left. */
  gone(): boolean | Promise<boolean> {
    const { pid, request, live, system } = this.#options;
    if (!request.group) return this.#exited;
    const gone = groupGone(pid, system, this.#seen);
    if (gone === true) live.delete(this);
    else if (gone !== false) void gone.then((answer) => answer && live.delete(this));
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
}
