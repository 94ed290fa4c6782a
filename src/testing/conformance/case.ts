/**
 * One promise of the contract, and what it takes to check it.
 * @module
 */
import type { Backend } from "../../backend.ts";
import type { Context } from "./context.ts";

/** What a backend must be able to do for a promise to be checked on it. */
export type Need =
  | "realProcesses"
  | "processGroups"
  | "processTrees"
  | "mergedOutput"
  | "inheritStdio"
  | "findExecutable";

/** How one promise is checked. */
export interface Check {
  /** The promise, as a sentence. */
  readonly promise: string;
  /** The fault a backend would have that breaks it. */
  readonly catches: string;
  /** Runs commands and throws when the promise is not kept. */
  run(context: Context): Promise<void>;
}

/** A promise, with what the contract says where a backend lacks what it needs. */
export interface Case extends Check {
  readonly needs?: readonly Need[];
  /** What holds instead where the last of `needs` is lacking. */
  readonly otherwise?: Check;
  /** Why the suite can't check it on any backend; it is listed all the same. */
  readonly elsewhere?: string;
}

/** Cases under one heading. */
export interface Concern {
  readonly name: string;
  readonly cases: readonly Case[];
}

const LACKING: Readonly<Record<Need, string>> = {
  realProcesses: "its processes are not real, and this looks at files, process ids or the host's environment",
  processGroups: "it has no process groups",
  processTrees: "it has no process groups, and can't end a process with its descendants",
  mergedOutput: "it can't merge stderr into stdout",
  inheritStdio: "it can't connect a child to the host's own descriptors",
  findExecutable: "it has no findExecutable",
};

/** The title of a check, as the test framework shows it. */
export function titleOf({ promise, catches }: Check): string {
  return `${promise} (catches: ${catches})`;
}

/** What of a case is to be run on a backend, or why nothing is. */
export function choose(one: Case, backend: Backend): { readonly check: Check; readonly leftOut?: string } {
  if (one.elsewhere !== undefined) return { check: one, leftOut: one.elsewhere };
  const needs = one.needs ?? [];
  const lacking = needs.find((need) => !has(backend, need));
  if (lacking === undefined) return { check: one };
  if (one.otherwise && lacking === needs.at(-1)) return { check: one.otherwise };
  return { check: one, leftOut: LACKING[lacking] };
}

function has(backend: Backend, need: Need): boolean {
  const { capabilities } = backend;
  switch (need) {
    case "findExecutable":
      return backend.findExecutable !== undefined;
    case "realProcesses":
      return capabilities.realProcesses ?? true;
    // Who reaches a group reaches the descendants in it.
    case "processTrees":
      return capabilities.processGroups || (capabilities.processTrees ?? false);
    case "inheritStdio":
      return capabilities.inheritStdio ?? true;
    default:
      return capabilities[need];
  }
}
