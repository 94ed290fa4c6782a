/**
 * What a case is given: executors on the backend under test, and eyes for what they left behind.
 * @module
 */
import type { Backend } from "../../backend.ts";
import { systemClock } from "../../clock.ts";
import type { Executor, ExecutorOptions } from "../../executor.ts";
import { createExecutor } from "../../local_executor.ts";
import type { ProcessOptions } from "../../options.ts";
import type { Output } from "../../output.ts";
import type { OutputOptions } from "../../output_options.ts";
import type { Process } from "../../process.ts";
import { fail, within } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import { programs } from "./programs.ts";

/** What a caller of the suite may adjust, complete. */
export interface Settings {
  /** How often a hazard of timing is tried. */
  readonly runs: number;
  /** The time one case may take, in ms. */
  readonly deadline: number;
  /** A directory, as commands see it, that outlives a process; undefined: the system's for temporary files. */
  readonly directory: string | undefined;
}

/** The time one case may take by default, in ms. */
export const DEADLINE = 40_000;

/** Time between SIGTERM and SIGKILL in the suite, in ms: what ignores SIGTERM must not hold it up. */
export const KILL_GRACE = 200;

/** How streams are read where a real end must come, however busy the machine is. */
export const PATIENT: ProcessOptions = { drainIdle: 10_000, drainMax: 10_000 };

/** The surroundings of one case. */
export class Context {
  readonly backend: Backend;
  readonly runs: number;
  readonly #settings: Settings;
  readonly #executors: Executor[] = [];
  readonly #executor: Executor;

  constructor(backend: Backend, settings: Settings) {
    this.backend = backend;
    this.runs = settings.runs;
    this.#settings = settings;
    this.#executor = this.executor();
  }

  /** Makes an executor; it is released after the case. */
  executor(options: Omit<ExecutorOptions, "backend"> & { backend?: Backend } = {}): Executor {
    const executor = createExecutor({ backend: this.backend, killGrace: KILL_GRACE, ...options });
    this.#executors.push(executor);
    return executor;
  }

  /** Makes a process, not yet started. */
  exec(program: Program, options?: ProcessOptions): Promise<Process> {
    return this.#executor.exec(program.argv, options);
  }

  /** Starts a program. */
  spawn(program: Program, options?: ProcessOptions): Promise<Process> {
    return this.#executor.spawn(program.argv, options);
  }

  /** Runs a program to its end. */
  output(program: Program, options?: OutputOptions): Promise<Output> {
    return this.#executor.output(program.argv, options);
  }

  /** Runs a program with more arguments to its end. */
  call(program: Program, ...more: string[]): Promise<Output> {
    return this.#executor.output([...program.argv, ...more]);
  }

  /**
   * Runs a program to its end a few times: whatever started before with as much to do, and was not held up, has done
   * it by then. A backend that holds up as it should passes for certain, however slow the machine is.
   */
  async finishMeanwhile(program: Program, options?: OutputOptions): Promise<void> {
    for (let i = 0; i < 5; i++) await this.output(program, options);
  }

  /** A time within which a command must have printed something: longer where cases have more time than by default. */
  patience(ms: number): number {
    return Math.round(ms * Math.max(1, this.#settings.deadline / DEADLINE));
  }

  /** Bounds a wait, well below the case's own limit, so that a hang is told by what was waited for. */
  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(this.#settings.deadline * 0.75, promise, what);
  }

  /** Checks that something takes less time than what it must not wait for; answers the time it took, in ms. */
  async inTime(what: string, doing: () => Promise<unknown>): Promise<number> {
    const start = systemClock.now();
    await this.within(doing(), what);
    return systemClock.now() - start;
  }

  /** Whether a process is alive, as a command run by the same backend sees it. */
  async isAlive(pid: number): Promise<boolean> {
    const { exitCode, stderrText } = await this.call(programs.isAlive, String(pid));
    if (exitCode > 1) fail(`"isAlive" exited with ${exitCode}: ${stderrText()}`);
    return exitCode === 0;
  }

  /** Kills what a case left running on purpose, and waits for its end. */
  async kill(pid: number): Promise<void> {
    await this.call(programs.kill, String(pid));
    const gone = async () => {
      while (await this.isAlive(pid));
    };
    await this.within(gone(), `the end of process ${pid}`);
  }

  /** Runs a case with a directory as `makeFiles` makes it, and removes that again. */
  async withFiles(use: (directory: string) => Promise<void>): Promise<void> {
    const made = await this.call(programs.makeFiles, this.#settings.directory ?? "");
    const directory = made.stdoutText().replace(/\n$/, "");
    if (!made.ok || directory === "") fail(`"makeFiles" failed: ${made.stderrText()}`);
    if (!(await this.call(programs.isDirectory, directory)).ok) {
      fail(
        `files that one process made are gone for the next: give conformance() the option "directory", ` +
          `or name this promise in its option "leaveOut".`,
      );
    }
    try {
      await use(directory);
    } finally {
      await this.call(programs.removeFiles, directory);
    }
  }

  /** Ends whatever the case left running. */
  async end(): Promise<void> {
    await within(
      10_000,
      Promise.all(this.#executors.map((executor) => executor.release())),
      "what runs to end",
    );
  }
}

/** Lines of a process, one at a time. */
export class LineReader {
  readonly #context: Context;
  readonly #lines: AsyncIterator<string>;

  constructor(context: Context, process: Process) {
    this.#context = context;
    this.#lines = process.stdoutStream().lines()[Symbol.asyncIterator]();
  }

  /** The next line; undefined at the end. */
  async next(): Promise<string | undefined> {
    const { done, value } = await this.#context.within(this.#lines.next(), "a line on stdout");
    return done ? undefined : value;
  }

  /** The next line as the process id it must be. */
  async pid(): Promise<number> {
    const line = await this.next();
    const pid = Number(line);
    if (!(Number.isInteger(pid) && pid > 1)) fail(`expected a process id, got ${JSON.stringify(line)}.`);
    return pid;
  }
}

/** The same backend, with the number of processes it was asked for. */
export function counting(backend: Backend): [Backend, () => number] {
  let count = 0;
  const spawn: Backend["spawn"] = (request) => {
    count++;
    return backend.spawn(request);
  };
  return [{ name: backend.name, capabilities: backend.capabilities, spawn }, () => count];
}
