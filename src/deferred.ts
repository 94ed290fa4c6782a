/**
 * A promise to settle from outside.
 * @module
 */

/** A promise and the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes one. Its rejection counts as handled: whoever waits later still gets it, and nobody waiting is no crash. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    fail = no;
  });
  const reject = (error: unknown) => {
    promise.catch(ignore);
    fail(error);
  };
  return { promise, resolve, reject };
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
