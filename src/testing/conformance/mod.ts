/**
 * The conformance suite: every promise of the contract that depends on a backend, checked on any backend under any
 * test framework.
 * @module
 */
import type { Backend } from "../../backend.ts";
import { invalidOption, show } from "../../check.ts";
import type { ConformanceCase, ConformanceOptions, TestFramework } from "./options.ts";
import { Suite } from "./suite.ts";

export type { ConformanceCase, ConformanceOptions, TestFramework };

/**
 * Declares the suite as tests of a framework.
 *
 * What a backend's `capabilities` rule out is checked for what the contract says instead, or left out; the answer
 * lists all cases, with the reason where one was left out.
 *
 * @param name the heading of the tests
 * @param makeBackend makes the backend; called once for each case, which disposes of it
 * @param framework `describe` and `it`; tests may run in any order, one at a time or together
 * @param options how the suite is adjusted to the backend
 * @throws {ExecError} `invalid_option`
 *
 * @example
 * ```ts ignore
 * import { describe, it } from "vitest";
 * import { conformance } from "@polyspawn/polyspawn/testing";
 * import { myBackend } from "./my_backend.ts";
 *
 * conformance("my backend", () => myBackend(), { describe, it });
 * ```
 */
export function conformance<B extends Backend>(
  name: string,
  makeBackend: () => B,
  framework: TestFramework,
  options?: ConformanceOptions<B>,
): readonly ConformanceCase[];
/**
 * Declares the suite for a backend that takes time to make: wait for the answer, where tests are declared.
 *
 * @param name the heading of the tests
 * @param makeBackend makes the backend; called once for each case, which disposes of it
 * @param framework `describe` and `it`; tests may run in any order, one at a time or together
 * @param options how the suite is adjusted to the backend
 * @throws {ExecError} `invalid_option`
 */
export function conformance<B extends Backend>(
  name: string,
  makeBackend: () => B | Promise<B>,
  framework: TestFramework,
  options?: ConformanceOptions<B>,
): readonly ConformanceCase[] | Promise<readonly ConformanceCase[]>;
export function conformance<B extends Backend>(
  name: string,
  makeBackend: () => B | Promise<B>,
  framework: TestFramework,
  options?: ConformanceOptions<B>,
): readonly ConformanceCase[] | Promise<readonly ConformanceCase[]> {
  checkArguments(makeBackend, framework);
  const suite = new Suite(makeBackend, options);
  // What a backend can do decides which tests there are, and most frameworks want to know them at once.
  const first = makeBackend();
  const declare = (backend: B) => suite.declare(name, backend, framework);
  return isPromise(first) ? first.then(declare) : declare(first);
}

function isPromise<B extends Backend>(made: B | Promise<B>): made is Promise<B> {
  return typeof made === "object" && made !== null && "then" in made;
}

/** Says what is missing: who leaves the framework out gets no types to tell them, but in TypeScript. */
function checkArguments(makeBackend: unknown, framework: unknown): void {
  if (typeof makeBackend !== "function") {
    throw invalidOption("makeBackend", `must be a function that makes a backend, got ${show(makeBackend)}.`);
  }
  const { describe, it } = (framework ?? {}) as Partial<TestFramework>;
  if (typeof describe === "function" && typeof it === "function") return;
  throw invalidOption("framework", `must have the functions "describe" and "it", got ${show(framework)}.`);
}
