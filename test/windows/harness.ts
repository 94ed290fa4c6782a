/**
 * A test framework of the size that is needed here: vitest takes longer to start under Wine than all of this to run, and
 * this is the same on Node, Deno and Bun.
 */
import process from "node:process";
import type { TestFramework } from "../../src/testing/mod.ts";

interface Test {
  readonly title: string;
  readonly body: () => void | Promise<void>;
}

/** Tests run at a time. */
const AT_ONCE = 1;
/** The longest a test may take, in ms: one that hangs must not take the others along. */
const LONGEST = 150_000;

/** Tests, and the ones that are known to fail. */
export class Harness {
  readonly #tests: Test[] = [];
  readonly #heading: string[] = [];
  readonly #leftOut: string[] = [];

  readonly framework: TestFramework = {
    describe: (name, body) => {
      this.#heading.push(name);
      body();
      this.#heading.pop();
    },
    it: (name, body) => {
      this.#tests.push({ title: [...this.#heading, name].join(" > "), body });
    },
  };

  /** Counts a test that is not run, and says why. */
  leaveOut(title: string, reason: string): void {
    this.#leftOut.push(`left out: ${title}\n    ${reason}`);
  }

  /**
   * Runs the tests with a text in their title, some at a time, and prints what failed and the counts as `NAME: N passed, N failed, N skipped`.
   * @param known the part of a title -> why that test fails here; one that passes all the same is a failure
   * @param from how many of them are over: an earlier run that broke down had them
   * @returns whether all went as it should
   */
  async run(
    name: string,
    part: string,
    known: Readonly<Record<string, string>>,
    from: number,
  ): Promise<boolean> {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    // Who has to end all of this by force wants to know what is over, and where it stood.
    const count = (how: keyof typeof counts) => {
      counts[how]++;
      console.error(`ends: ${how}`);
    };
    if (part === "" && from === 0) {
      for (const text of this.#leftOut) console.log(text);
      counts.skipped = this.#leftOut.length;
    }
    const seen = new Set<string>();
    const chosen = this.#tests.filter(({ title }) => title.includes(part));
    for (const { title } of chosen) {
      const difference = differenceIn(title, known);
      if (difference) seen.add(difference);
    }
    const left = chosen.slice(from);
    const worker = async () => {
      for (let test = left.shift(); test; test = left.shift()) {
        const { title, body } = test;
        const difference = differenceIn(title, known);
        const start = performance.now();
        let timer: ReturnType<typeof setTimeout> | undefined;
        console.error(`begins: ${title}`);
        const error = await Promise.race([
          Promise.resolve().then(body).then(() => undefined, (reason) => reason ?? "nothing"),
          new Promise((resolve) => timer = setTimeout(resolve, LONGEST, new Error("it hangs"))),
        ]);
        clearTimeout(timer);
        const ms = Math.round(performance.now() - start);
        if (!error && !difference) count("passed");
        else if (error && difference) {
          count("skipped");
          console.log(`differs (${ms} ms): ${title}\n    ${known[difference]}\n    ${firstLine(error)}`);
        } else {
          count("failed");
          const text = error instanceof Error ? error.stack : String(error);
          console.log(
            `FAILED (${ms} ms): ${title}\n${error ? text : "  It is listed as a difference and passes."}`,
          );
        }
        if (ms > 20_000) console.log(`slow (${ms} ms): ${title}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const unknown = part === "" ? Object.keys(known).filter((each) => !seen.has(each)) : [];
    for (const each of unknown) {
      count("failed");
      console.log(`FAILED: a difference is listed for "${each}", and no test has that name.`);
    }
    const { passed, failed, skipped } = counts;
    console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    return failed === 0 && passed > 0;
  }
}

function differenceIn(title: string, known: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(known).find((promise) => title.includes(` > ${promise} (`));
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0]!;
}

/** Ends this process when the work is done: a test that left something open must not keep it. */
export function endWith(good: boolean): never {
  return process.exit(good ? 0 : 1);
}
