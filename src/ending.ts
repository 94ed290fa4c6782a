/**
 * Ends a process and its group: signal, grace, kill, and whether anything is left.
 * @module
 */
import type { Child } from "./backend.ts";
import { after, type Clock } from "./clock.ts";
import { ignore } from "./deferred.ts";
import type { SignalName } from "./signals.ts";

/** Time given to SIGKILL, in ms, before what is still there is reported as left. */
export const KILL_WAIT = 2_000;
const LONGEST_POLL = 50;

/** What ending a process needs to know. */
export interface EndingOptions {
  readonly child: Child;
  readonly clock: Clock;
  /** Whether signals go to a group of the child's own. */
  readonly group: boolean;
  /** Whether, without a group, an end takes the descendants along. */
  readonly tree: boolean;
  /** SIGKILL is sent. */
  readonly onKill: () => void;
  /** Nothing is left; told once. */
  readonly onGone: () => void;
}

/**
 * The one place that ends a process. A group that was once seen empty is never signalled again. Nothing here waits for
 * the backend: one that never answers keeps nobody from an answer.
 */
export class Ending {
  readonly #options: EndingOptions;
  #leaderExited = false;
  #gone = false;
  #looking = false;
  #ending: Promise<boolean> | undefined;
  /** When SIGKILL is due: the shortest grace anyone gave. */
  #killAt = Infinity;
  #wake: () => void = ignore;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** The process itself has ended: looks at once, before its number can be used again, whether it was all there was. */
  leaderExited(): void {
    this.#leaderExited = true;
    this.look();
    this.#wake();
  }

  /** Sends a signal to the process itself. */
  signal(name: SignalName): void | Promise<void> {
    if (!this.#leaderExited) return this.#options.child.kill(name, "process");
  }

  /**
   * SIGTERM, after `grace` ms SIGKILL, to the group. A shorter grace overtakes a longer one under way.
   * @returns whether nothing is left; false when something still was there 2 s after SIGKILL
   */
  end(grace: number): Promise<boolean> {
    if (this.#gone) return Promise.resolve(true);
    const killAt = this.#options.clock.now() + grace;
    if (this.#ending && killAt >= this.#killAt) return this.#ending;
    this.#killAt = killAt;
    this.#wake();
    return this.#ending ??= this.#run().finally(() => {
      this.#ending = undefined;
      this.#killAt = Infinity;
    });
  }

  async #run(): Promise<boolean> {
    const { clock, onKill } = this.#options;
    // An exit that was told in this very turn comes first: what it left empty is not signalled.
    await undefined;
    this.look();
    if (!this.#gone && this.#killAt > clock.now()) {
      void this.#kill("SIGTERM");
      await this.#goneBefore(() => this.#killAt);
    }
    if (this.#gone) return true;
    void this.#kill("SIGKILL");
    onKill();
    const latest = clock.now() + KILL_WAIT;
    await this.#goneBefore(() => latest);
    return this.#gone;
  }

  /** Looks whether anything is left; a look that takes time tells when it is done. */
  look(): void {
    const { child, group } = this.#options;
    if (!this.#leaderExited || this.#gone || this.#looking) return;
    if (!group) return this.#seenGone(true);
    try {
      const gone = child.groupGone();
      if (typeof gone === "boolean") return this.#seenGone(gone);
      this.#looking = true;
      void gone.catch(() => false).then((answer) => {
        this.#looking = false;
        this.#seenGone(answer === true);
      });
    } catch {
      // Who can't say so has not seen it gone.
    }
  }

  #seenGone(gone: boolean): void {
    if (!gone || this.#gone) return;
    this.#gone = true;
    this.#wake();
    this.#options.onGone();
  }

  async #kill(name: SignalName): Promise<void> {
    const { child, group, tree } = this.#options;
    try {
      await child.kill(name, group || tree ? "group" : "process");
    } catch {
      // The group is refused (Deno without a full --allow-run, another user's member): the process itself may not be.
      if (!(group || tree) || this.#leaderExited) return;
      try {
        await child.kill(name, "process");
      } catch {
        // What can't be signalled is told by the answer of end().
      }
    }
  }

  async #goneBefore(latest: () => number): Promise<void> {
    const { clock } = this.#options;
    for (let poll = 1; !this.#gone; poll = Math.min(poll * 2, LONGEST_POLL)) {
      this.look();
      const left = latest() - clock.now();
      if (this.#gone || left <= 0) return;
      // Until the process itself has ended there is nothing to look at; then the rest is looked at again and again.
      await this.#sleep(this.#leaderExited ? Math.min(poll, left) : left);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = after(this.#options.clock, ms, () => this.#wake());
      this.#wake = () => {
        this.#wake = ignore;
        cancel();
        resolve();
      };
    });
  }
}
