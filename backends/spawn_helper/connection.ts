/**
 * One running helper, as its host sees it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import type { WatchdogPipe } from "../watchdog.ts";
import { makeSocketDirectory, removeSocketDirectory } from "./directory.ts";
import { owner } from "./owner.ts";
import { Patience } from "./patience.ts";
import { SPAWN_HELPER_PROGRAM } from "./program.ts";
import { Slots } from "./slots.ts";
import { type Address, closeStreams, connectStreams, type Streams } from "./streams.ts";
import { killUnknown } from "./unknown_children.ts";

/** What a helper is asked to start. */
export interface Order {
  readonly file: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** For each of stdin, stdout and stderr the descriptor whose stream it gets, or `null`. */
  readonly stdio: readonly (number | null)[];
}

/** What a helper has started. */
export interface Started {
  readonly pid: number;
  /** When it was started, as `/proc` has it; empty when that can't be told. */
  readonly startTime: string;
  readonly streams: Streams;
  /** How it ended; `undefined` when the helper has died before it could tell. */
  readonly exit: Promise<HelperExit | undefined>;
}

/** How a process ended, in Node's words. */
export type HelperExit = readonly [code: number | null, signal: NodeJS.Signals | null];

/** The helper is gone. */
export class HelperLost extends Error {
  /** Whether it had been asked, and so may have done it. */
  readonly asked: boolean;

  constructor(why: string, asked: boolean) {
    super(why);
    this.asked = asked;
  }
}

interface Pending {
  readonly resolve: (answer: { pid: number; startTime: string; exit: Started["exit"] }) => void;
  readonly reject: (error: Error) => void;
}

/** What it looks like when nobody listens any more, before the end of the helper is seen. */
const REFUSALS = ["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"];

/** Requests at a time: three connections for each of them still fit into the listener's queue. */
const MOST_AT_ONCE = 32;

/** A helper from its start to its end. It keeps the host alive only while `hold` was called more often than `release`. */
export class HelperConnection implements WatchdogPipe {
  /** For whom it was started. */
  readonly owner: string = owner();
  /** Whether it listens; false when it has ended before. Settles, but never rejects. */
  readonly ready: Promise<boolean>;
  readonly #directory = makeSocketDirectory();
  readonly #process: ChildProcess;
  readonly #control: Socket | undefined;
  readonly #patience: Patience;
  readonly #onEnd: (why: string, worked: boolean) => void;
  readonly #slots = new Slots(MOST_AT_ONCE);
  readonly #pending = new Map<number, Pending>();
  /** What to do at the end of each child. */
  readonly #live = new Map<number, (exit: HelperExit | undefined) => void>();
  readonly #pids = new Set<number>();
  #address: Address | undefined;
  #settleReady!: (isReady: boolean) => void;
  #text = "";
  #held = 0;
  #lastId = 0;
  #ended = false;
  #why = "it ended";

  /**
   * Starts a helper.
   * @param onEnd called once when it has ended, and with whether it had ever listened
   * @throws {Error} When it can't be started
   */
  constructor(onEnd: (why: string, worked: boolean) => void) {
    this.#onEnd = onEnd;
    this.ready = new Promise((resolve) => this.#settleReady = resolve);
    try {
      this.#process = spawn(process.execPath, ["-e", SPAWN_HELPER_PROGRAM, this.#directory], {
        detached: true,
        cwd: "/",
        env: helperEnvironment(),
        stdio: ["ignore", "ignore", "ignore", "pipe"],
      });
    } catch (error) {
      removeSocketDirectory(this.#directory);
      throw error;
    }
    this.#patience = new Patience(this.#process.pid ?? 0, () => this.#kill("it did not answer"));
    this.#patience.isWaiting = true;
    this.#process.on("error", (error) => this.#end(error.message));
    this.#process.unref();
    // There is none when it could not even be tried.
    this.#control = this.#process.stdio?.[3] as Socket | undefined;
    this.#control?.setEncoding("utf8");
    this.#control?.on("data", (text: string) => this.#read(text));
    this.#control?.on("error", () => {});
    // What it said before its end comes before this.
    this.#control?.on("close", () => this.#process.pid === undefined || this.#end(this.#why));
    this.#control?.unref();
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Keeps the host alive. */
  hold(): void {
    if (this.#held++ === 0) this.#control?.ref();
  }

  /** Takes one `hold` back. */
  release(): void {
    if (--this.#held === 0) this.#control?.unref();
  }

  send(text: string): undefined {
    // What a socket has room for is written before `write` returns.
    if (!this.#ended) this.#control?.write(text);
  }

  /** Ends its input, and so the helper. */
  end(): void {
    this.#control?.end();
  }

  /**
   * Has a process started.
   * @throws {Error} A rejection with the system's code; {@linkcode HelperLost} when the helper ended
   */
  async start(order: Order): Promise<Started> {
    await this.#slots.take();
    let streams: Streams | undefined;
    let asked = false;
    try {
      if (this.#ended || !this.#address) throw new HelperLost(this.#why, asked);
      const id = ++this.#lastId;
      const descriptors = [...new Set(order.stdio)].filter((name) => name !== null);
      streams = await connectStreams(this.#address, id, descriptors);
      asked = !this.#ended;
      const answer = await this.#ask(id, order);
      return { ...answer, streams };
    } catch (error) {
      if (streams) closeStreams(streams);
      const refused = !asked && REFUSALS.includes((error as NodeJS.ErrnoException).code ?? "");
      throw this.#ended || refused ? new HelperLost(this.#why, asked) : error;
    } finally {
      this.#slots.release();
    }
  }

  #ask(id: number, order: Order): Promise<Omit<Started, "streams">> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new HelperLost(this.#why, false));
      this.#pending.set(id, { resolve, reject });
      this.#patience.isWaiting = true;
      this.#control?.write(`${JSON.stringify({ id, umask: process.umask(), ...order })}\n`);
    });
  }

  #read(text: string): void {
    this.#patience.heard();
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop()!;
    for (const line of lines) this.#take(JSON.parse(line));
  }

  #take(message: Answer): void {
    if (message.path !== undefined) {
      this.#address = { path: message.path, token: message.token! };
      this.#patience.isWaiting = false;
      return this.#settleReady(true);
    }
    if (message.failed !== undefined) return this.#kill(message.failed);
    const id = message.id!;
    if (message.exit) {
      this.#live.get(id)?.(message.exit);
      return void this.#live.delete(id);
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#patience.isWaiting = this.#pending.size > 0;
    if (message.pid === undefined) {
      return pending?.reject(Object.assign(new Error(message.message), { code: message.code }));
    }
    const { pid, startTime = "" } = message;
    this.#pids.add(pid);
    const exit = new Promise<HelperExit | undefined>((resolve) => this.#live.set(id, resolve));
    void exit.then(() => this.#pids.delete(pid));
    pending?.resolve({ pid, startTime, exit });
  }

  #kill(why: string): void {
    this.#why = why;
    // What it may have started without saying so.
    if (this.#process.pid !== undefined) killUnknown(this.#process.pid, this.#pids);
    this.#process.kill("SIGKILL");
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#why = why;
    this.#patience.isWaiting = false;
    // Whoever closed its end of the pipe has to go.
    this.#process.kill("SIGKILL");
    removeSocketDirectory(this.#directory);
    this.#settleReady(false);
    for (const { reject } of this.#pending.values()) reject(new HelperLost(why, true));
    this.#pending.clear();
    for (const lost of this.#live.values()) lost(undefined);
    this.#live.clear();
    this.#onEnd(why, this.#address !== undefined);
  }
}

/** A line from the helper; see its program. */
interface Answer {
  readonly path?: string;
  readonly token?: string;
  readonly failed?: string;
  readonly id?: number;
  readonly pid?: number;
  readonly startTime?: string;
  readonly code?: string;
  readonly message?: string;
  readonly exit?: HelperExit;
}

/** What the host's Node was told is not for this one: options, an inspector, a coverage report. */
function helperEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_")));
}
