/**
 * What a caller of the suite says, and is told.
 * @module
 */
import type { Backend } from "../../backend.ts";
import type { Program } from "./behaviour.ts";

/** The two functions of a test framework that the suite calls; vitest, node:test, Deno's bdd, Bun, Mocha have them. */
export interface TestFramework {
  /** Groups tests under a name. */
  describe(name: string, body: () => void): unknown;
  /** Declares one test; a framework without the third argument ignores it. */
  it(name: string, body: () => Promise<void>, timeout: number): unknown;
}

/** What may be said of a run of the suite. */
export interface ConformanceOptions<B extends Backend = Backend> {
  /**
   * Called with each backend before its case: a backend without real processes is taught here what the programs of
   * the suite do. Each one it must know has its `behaviour`.
   */
  prepare?: (backend: B, programs: readonly Program[]) => void | Promise<void>;
  /** Promises this backend is known not to keep, word for word, each with the reason; a promise unknown is an error. */
  leaveOut?: Readonly<Record<string, string>>;
  /** A directory, as commands see it, whose files outlive a process (default: the one for temporary files). */
  directory?: string;
  /** How often a hazard of timing is tried (default: 200). */
  runs?: number;
  /** The time one case may take, in ms (default: 40 000). */
  deadline?: number;
}

/** One case of the suite, as it was declared. */
export interface ConformanceCase {
  /** What it belongs to. */
  readonly concern: string;
  /** The promise, and the fault that would break it. */
  readonly title: string;
  /** Why it was not declared as a test, when it was not. */
  readonly leftOut?: string;
}
