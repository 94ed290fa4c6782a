import type { TestFramework } from "../../src/testing/mod.ts";

/** A test framework that only keeps what is declared, to be run by hand. */
export class CollectedSuite implements TestFramework {
  readonly tests = new Map<string, () => Promise<void>>();
  readonly #names: string[] = [];

  /** As frameworks do, `describe` works wherever the function went. */
  readonly describe = (name: string, body: () => void): void => {
    this.#names.push(name);
    body();
    this.#names.pop();
  };

  readonly it = (title: string, body: () => Promise<void>): void => {
    const name = [...this.#names, title].join(" > ");
    if (this.tests.has(name)) throw new Error(`There are two tests named ${name}`);
    this.tests.set(name, body);
  };

  /** The one test whose title starts with a promise. */
  test(promise: string): () => Promise<void> {
    const found = [...this.tests].filter(([name]) => name.split(" > ").at(-1)!.startsWith(`${promise} (`));
    if (found.length !== 1) throw new Error(`${found.length} tests are for the promise ${promise}`);
    return found[0]![1];
  }
}
