/**
 * Declares the cases that fit a backend, and runs each on a backend of its own.
 * @module
 */
import type { Backend } from "../../backend.ts";
import { checkFunction, checkOptions, checkTimeout, invalidOption, show } from "../../check.ts";
import { checkIsBackend } from "../../seams.ts";
import { within } from "./assert.ts";
import { type Check, choose, titleOf } from "./case.ts";
import { CONCERNS } from "./concerns.ts";
import { Context, DEADLINE, type Settings } from "./context.ts";
import type { ConformanceCase, ConformanceOptions, TestFramework } from "./options.ts";
import { PROGRAMS } from "./programs.ts";

/** The suite for one way to make backends. */
export class Suite<B extends Backend> {
  readonly #makeBackend: () => B | Promise<B>;
  readonly #prepare: ConformanceOptions<B>["prepare"];
  readonly #leaveOut: ReadonlyMap<string, string>;
  readonly #settings: Settings;
  #spare: B | undefined;

  constructor(makeBackend: () => B | Promise<B>, given: ConformanceOptions<B> | undefined) {
    const options = checkOptions(given, ["prepare", "leaveOut", "directory", "runs", "deadline"]);
    this.#makeBackend = makeBackend;
    this.#prepare = checkFunction("prepare", options.prepare);
    this.#leaveOut = checkLeaveOut(options.leaveOut ?? {});
    this.#settings = {
      runs: checkRuns(options.runs),
      deadline: checkTimeout("deadline", options.deadline, DEADLINE),
      directory: options.directory,
    };
  }

  declare(name: string, backend: B, { describe, it }: TestFramework): readonly ConformanceCase[] {
    this.#spare = checkIsBackend("makeBackend", backend);
    // Before describe(): some frameworks call its function only later.
    const concerns = CONCERNS.map((concern) => ({
      name: concern.name,
      cases: concern.cases.map((one) => {
        const { check, leftOut = this.#leaveOut.get(check.promise) } = choose(one, backend);
        return { check, title: titleOf(check), leftOut };
      }),
    }));
    describe(name, () => {
      for (const concern of concerns) {
        const tests = concern.cases.filter(({ leftOut }) => leftOut === undefined);
        // Some frameworks take a heading without a test for a mistake.
        if (tests.length === 0) continue;
        describe(concern.name, () => {
          // The framework's own limit comes last: ours can say what was waited for.
          for (const { title, check } of tests) {
            it(title, () => this.#run(check), this.#settings.deadline + 20_000);
          }
        });
      }
    });
    return concerns.flatMap((concern) =>
      concern.cases.map(({ title, leftOut }) => ({
        concern: concern.name,
        title,
        ...(leftOut !== undefined && { leftOut }),
      }))
    );
  }

  async #run(check: Check): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    const backend = spare ?? await this.#makeBackend();
    const context = new Context(backend, this.#settings);
    const doing = async () => {
      await this.#prepare?.(backend, PROGRAMS);
      await within(this.#settings.deadline, check.run(context), "the case to end");
    };
    const failures: unknown[] = [];
    for (const step of [doing, () => context.end(), () => backend[Symbol.asyncDispose]?.()]) {
      await Promise.resolve().then(step).catch((error) => failures.push(error));
    }
    // What went wrong first is the cause of the rest.
    if (failures.length > 0) throw failures[0];
  }
}

function checkRuns(runs = 200): number {
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw invalidOption("runs", `must be a positive whole number, got ${show(runs)}.`);
}

function checkLeaveOut(leaveOut: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const checks: Check[] = CONCERNS.flatMap(({ cases }) =>
    cases.flatMap((one) => [one, one.otherwise ?? one])
  );
  const promises = new Set(checks.map(({ promise }) => promise));
  for (const [promise, reason] of Object.entries(leaveOut)) {
    if (!promises.has(promise)) {
      throw invalidOption(
        "leaveOut",
        `names ${show(promise)}, which is no promise of the suite: copy one word for word.`,
      );
    }
    if (typeof reason !== "string" || reason === "") {
      throw invalidOption("leaveOut", `must give a reason for ${show(promise)}, got ${show(reason)}.`);
    }
  }
  return new Map(Object.entries(leaveOut));
}
