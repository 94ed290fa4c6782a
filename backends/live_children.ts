/**
 * Kills what still runs when the host ends.
 * @module
 */

/** A child that may have to be killed without waiting. */
export interface LiveChild {
  /** Kills the child and its group at once; never throws. */
  killNow(): void;
}

/** What a host dies of without its children hearing of it. */
export type HostSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** How one runtime tells that the host ends. */
export interface HostHooks {
  /** Calls back, synchronously, when the host ends by itself; the answer takes that back. */
  onEnd(callback: () => void): () => void;
  /** Calls back on a signal for which the host has no handler of its own; the answer takes that back. */
  onSignal(signal: HostSignal, callback: () => void): () => void;
  /** Calls back when everybody who listens to a signal that is just being delivered has been called. */
  afterListeners(callback: () => void): void;
  /** Sends the host a signal that nobody handles any more: it dies of it as if nobody ever had. */
  raise(signal: HostSignal): void;
  /** Calls back at the end of this turn of the event loop, and soon: it does not wait for something else to happen. */
  afterTurn(callback: () => void): void;
}

const ENDING: readonly HostSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const FOREGROUND: readonly HostSignal[] = ["SIGQUIT"];
const KEYBOARD: readonly HostSignal[] = ["SIGINT", "SIGQUIT"];

// As it was before a test could put a clock of its own in its place.
const { setTimeout } = globalThis as unknown as { setTimeout(callback: () => void, ms: number): unknown };

/**
 * Settles when a signal that was sent before has come to its listeners. Signals and the ends of children come different
 * ways, on Node in one of ten cases in the other order: what a terminal sent to both the host and its child must be seen
 * before the child's end is.
 */
export function signalsSeen(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/**
 * Turns of the event loop, of which the first may have begun long ago, until the runtime has surely delivered the signals
 * that it had noted. Once its listener is removed, it drops them.
 */
const TURNS = 2;

/** How long a turn may take, in ms, in which no other signal is thought to have come. */
const SHORT_TURN = 20;

/** Children that came one right after the other, from which on the hooks stay between them. */
const IN_A_ROW = 16;

/**
 * The live children of one host. No hook is left when there is none; only while commands are run in a row, hooks stay
 * until the event loop has turned, because to remove them and to add them again takes longer than all else here. A signal
 * that comes to them then ends the host, too. Not after the first one: a program that then computes would hear of Ctrl-C
 * only when it has done so. Where one has computed before the last child goes, they stay as long: else a signal that came
 * meanwhile would be dropped.
 */
export class LiveChildren {
  readonly #hooks: HostHooks;
  /** No sets: each that gets empty makes another table, and V8 keeps the chain of them till its next full collection. */
  readonly #children: LiveChild[] = [];
  readonly #signaled: LiveChild[] = [];
  readonly #foreground = new Set<LiveChild>();
  readonly #seen = new Set<HostSignal>();
  #removeEnd: (() => void) | undefined;
  readonly #removeSignals = new Map<HostSignal, () => void>();
  /** How many children came before the loop had turned since the one before was gone. */
  #row = 0;
  #turning = false;
  /** Whether the host is about to die of a signal, which nobody here may listen to again. */
  #dying = false;
  /** When the first of those ends was seen that are told in one turn: what was noted before is delivered by then. */
  #seenAt = Infinity;
  /** Whether more ends may be told in that turn. */
  #telling = false;
  /** Whether the host may have computed since, and what it was sent meanwhile is yet to be delivered. */
  #late = false;
  /** Turns to come until no signal is under way. */
  #turns = 0;
  #turnStart = 0;
  readonly #onTurn = (): void => {
    if (performance.now() - this.#turnStart > SHORT_TURN) this.#turns = TURNS;
    // With another one to live the hooks stay anyway.
    const alone = this.#late ? this.#signaled.length === 0 : this.#children.length === 0;
    if (--this.#turns > 0 && alone) return this.#turn();
    this.#turning = this.#late = false;
    this.#update();
  };

  constructor(hooks: HostHooks) {
    this.#hooks = hooks;
  }

  /**
   * Counts a child as live.
   * @param how whether signals that end the host are handled for it, and whether it shares the host's terminal
   */
  add(child: LiveChild, how: { handleSignals: boolean; foreground: boolean }): void {
    if (this.#children.length === 0) this.#row = this.#turning ? this.#row + 1 : 0;
    this.#children.push(child);
    if (how.handleSignals) this.#signaled.push(child);
    if (how.handleSignals && how.foreground) this.#foreground.add(child);
    this.#update();
  }

  /** Whether signals are still listened to when one child is gone: none that the runtime has noted is dropped then. */
  get listensOn(): boolean {
    return this.#signaled.length > 1 || this.#row >= IN_A_ROW;
  }

  /** The end of a child is seen, and nobody is told yet. */
  noteEnd(): void {
    if (this.#telling) return;
    this.#seenAt = performance.now();
    if (this.#children.length < 2) return;
    this.#telling = true;
    this.#hooks.afterTurn(() => this.#telling = false);
  }

  /**
   * The process itself has ended; its group may live on.
   * @param signal what killed it, if something did
   */
  exited(child: LiveChild, signal: string | undefined): void {
    if (!this.#foreground.delete(child)) return;
    // Like a shell: the keyboard's signal went to both, and the host dies of it only if the child did.
    const fatal = KEYBOARD.find((name) => name === signal && this.#seen.has(name));
    if (this.#foreground.size === 0) this.#seen.clear();
    if (fatal) this.#die(fatal, false);
    else this.#update();
  }

  /** Nothing of it is left. */
  delete(child: LiveChild): void {
    removeFrom(this.#children, child);
    removeFrom(this.#signaled, child);
    this.#foreground.delete(child);
    const listens = this.#removeSignals.has(ENDING[0]!) && this.#signaled.length === 0;
    if (listens && performance.now() - this.#seenAt > SHORT_TURN) this.#late = true;
    if (this.#children.length === 0 || this.#late) this.#awaitTurns();
    this.#update();
  }

  #awaitTurns(): void {
    this.#turns = TURNS;
    if (this.#turning) return;
    this.#turning = true;
    this.#turn();
  }

  #turn(): void {
    this.#turnStart = performance.now();
    this.#hooks.afterTurn(this.#onTurn);
  }

  #update(): void {
    const stay = this.#turning && (this.#late || this.#row >= IN_A_ROW);
    if (this.#children.length > 0 || stay) this.#removeEnd ??= this.#hooks.onEnd(() => this.#killAll());
    else {
      this.#removeEnd?.();
      this.#removeEnd = undefined;
    }
    this.#watch(ENDING, this.#signaled.length > 0 || stay && this.#removeSignals.has(ENDING[0]!));
    this.#watch(FOREGROUND, this.#foreground.size > 0);
  }

  /** Listens to some signals, which come and go together, or no longer does. */
  #watch(signals: readonly HostSignal[], wanted: boolean): void {
    wanted &&= !this.#dying;
    if (wanted === this.#removeSignals.has(signals[0]!)) return;
    for (const signal of signals) {
      if (wanted) this.#removeSignals.set(signal, this.#hooks.onSignal(signal, () => this.#onSignal(signal)));
      else {
        const remove = this.#removeSignals.get(signal);
        this.#removeSignals.delete(signal);
        remove?.();
      }
    }
  }

  #onSignal(signal: HostSignal): void {
    if (this.#foreground.size > 0 && KEYBOARD.includes(signal)) this.#seen.add(signal);
    else this.#die(signal, true);
  }

  #die(signal: HostSignal, isNew: boolean): void {
    if (this.#dying) return;
    this.#dying = true;
    this.#killSignaled();
    const raise = () => {
      // Some may have been started meanwhile.
      this.#killSignaled();
      this.#hooks.raise(signal);
      // A handler of the host's own has it live on.
      this.#dying = false;
      this.#update();
    };
    if (isNew) this.#hooks.afterListeners(raise);
    else raise();
  }

  /** Those that leave signals to the host live on when no other is there. */
  #killSignaled(): void {
    if (this.#signaled.length > 0) this.#killAll();
    else this.#update();
  }

  #killAll(): void {
    for (const child of this.#children.splice(0)) child.killNow();
    this.#signaled.length = 0;
    this.#foreground.clear();
    this.#update();
  }
}

function removeFrom(children: LiveChild[], child: LiveChild): void {
  const index = children.indexOf(child);
  if (index >= 0) children.splice(index, 1);
}
