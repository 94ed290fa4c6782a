/**
 * A promise to settle from outside.
 * @module
 */

/**
 * A promise and what settles it. Its rejection counts as handled: whoever waits later still gets it, and nobody waiting is
 * no crash.
 */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value: T): void {
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.promise.catch(ignore);
    this.#reject(error);
  }
}

/** Does nothing, on purpose. */
export function ignore(): void {}

/** Whether something is a promise, of whatever realm it is: `instanceof` knows those of one only. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Calls what a backend brought: one that throws where it should reject rejects all the same. */
export async function attempt<T>(action: () => T | Promise<T>): Promise<T> {
  return await action();
}
