/**
 * The environment of this process, changed for one test.
 */
import process from "node:process";
import { onTestFinished } from "vitest";

/** Sets variables of this process until the running test is over; `undefined` removes one. */
export function plantEnv(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    set(name, value);
    onTestFinished(() => set(name, before));
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
