/**
 * What there is once in a process, however many copies of this package it has loaded.
 * @module
 */

/**
 * The one value under a name; the copy that asks first makes it, and every copy gets that.
 * @param name the name, with a version: a copy that means something else by it must not get this one
 */
export function processWide<T>(name: string, make: () => T): T {
  const slot = Symbol.for(`polyspawn.${name}`);
  if (!Object.hasOwn(globalThis, slot)) Object.defineProperty(globalThis, slot, { value: make() });
  return (globalThis as unknown as Record<symbol, T>)[slot]!;
}
