/**
 * A process that a helper started, as the seam wants it.
 * @module
 */
import process from "node:process";
import type { Socket } from "node:net";
import type { Child, ChildExit, SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import type { SignalName } from "../../src/signals.ts";
import type { LiveChildren } from "../live_children.ts";
import { LiveGroup } from "../live_group.ts";
import { turned } from "../node_host.ts";
import { deliver, groupSystem } from "../node_group_system.ts";
import { readStat, startTimeOf } from "../node_proc.ts";
import { ReadableSource, writableSink } from "../node_streams.ts";
import { isDead } from "../proc_stat.ts";
import { DyingWatch } from "../realtime_signals.ts";
import { receive } from "../received_bytes.ts";
import type { Watcher } from "../watchdog.ts";
import type { HelperConnection, HelperExit, Started } from "./connection.ts";

/** How often to look whether a process still runs whose end nobody tells any more, in ms. */
const LOOK = 50;

/** A child of a helper. The host's own process table knows it by its number alone, and so by when it was started. */
export class HelperChild implements Child {
  readonly pid: number;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ReadableSource;
  readonly stderr?: ReadableSource;
  readonly exit: Promise<ChildExit>;
  readonly #started: Started;
  readonly #helper: HelperConnection;
  readonly #group: LiveGroup;
  readonly #stdin: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #holds = true;
  #unref = false;

  /** @param helper held for it: released when it has ended, or at `unref` */
  constructor(
    started: Started,
    request: SpawnRequest,
    helper: HelperConnection,
    registers: { live: LiveChildren; watcher: Watcher },
  ) {
    this.#started = started;
    this.#helper = helper;
    this.pid = started.pid;
    this.#group = new LiveGroup({
      pid: this.pid,
      startTime: started.startTime,
      request,
      ...registers,
      system: groupSystem,
      kill: () => this.kill("SIGKILL", "group"),
    });
    const dying = new DyingWatch(this.pid);
    const onLull = (atEnd: boolean) => this.#group.exited || dying.look(atEnd);
    const { streams } = started;
    const source = (socket: Socket | undefined) => socket && new ReadableSource(socket, onLull, receive);
    const [stdout, stderr] = [source(streams.get(1)), source(streams.get(2))];
    if (stdout) this.stdout = stdout;
    if (stderr) this.stderr = stderr;
    this.#stdin = streams.get(0);
    if (this.#stdin) this.stdin = writableSink(this.#stdin.on("finish", () => this.#stdin!.destroy()));
    this.exit = started.exit.then((exit) => {
      if (!exit) return this.#onLost();
      this.#group.noteEnd();
      return turned().then(() => this.#onExit(exit, dying));
    });
    // Whoever takes the child on says what becomes of it.
    this.exit.catch(() => {});
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    if (target === "process" && this.#group.exited) return;
    // It has ended and the helper has not told so yet: its number is somebody else's.
    if (this.#isRecycled()) return;
    deliver(signal, target === "group" ? -this.pid : this.pid);
  }

  groupGone(): boolean | Promise<boolean> {
    return this.#group.gone();
  }

  unref(): void {
    this.#unref = true;
    this.#release();
    this.#timer?.unref();
    this.stdout?.unref();
    this.stderr?.unref();
    this.#stdin?.unref();
  }

  #onExit([code, signal]: HelperExit, dying: DyingWatch): ChildExit {
    this.#over(signal ?? undefined);
    if (signal !== null) return { code: 0, signal: signal as SignalName };
    return { code: code === 0 && dying.signal ? 128 + dying.signal : code ?? 0 };
  }

  /** Nobody tells of its end any more: its pipes go on, and whether it runs can be seen. */
  async #onLost(): Promise<never> {
    this.#release();
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.#isRunning()) return;
        clearInterval(this.#timer);
        resolve();
      };
      this.#timer = setInterval(look, LOOK);
      if (this.#unref) this.#timer.unref();
      look();
    });
    this.#over(undefined);
    throw new ExecError(
      "backend_unavailable",
      `The spawning helper ended before process ${this.pid} did, so how that ended is unknown. ` +
        `Its output is complete; commands from now on get another helper.`,
      { details: { pid: this.pid } },
    );
  }

  #over(signal: string | undefined): void {
    this.#release();
    this.#stdin?.destroy();
    this.#group.onExit(signal);
  }

  #release(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#helper.release();
  }

  #isRecycled(): boolean {
    const { startTime } = this.#started;
    return startTime !== "" && (startTimeOf(this.pid) || startTime) !== startTime;
  }

  #isRunning(): boolean {
    const stat = readStat(this.pid);
    if (stat !== undefined) return !this.#isRecycled() && !isDead(stat);
    if (this.#started.startTime !== "") return false;
    try {
      process.kill(this.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ESRCH";
    }
  }
}
