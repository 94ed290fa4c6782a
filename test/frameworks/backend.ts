/**
 * What the suite is run on here: the runtime's own backend, or a broken one made out of it.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import type { Backend } from "../../src/backend.ts";
import type { ConformanceCase, ConformanceOptions } from "../../src/testing/mod.ts";
import { FAULTS } from "../support/faults.ts";
import { nativeBackend } from "../support/native_backend.ts";

const { POLYSPAWN_FAULT, POLYSPAWN_DECLARED } = process.env;
const fault = FAULTS.find((each) => each.fault === POLYSPAWN_FAULT);
const good = await nativeBackend();

/** Makes the backend. */
export const makeBackend = (): Backend => fault ? fault.backend(good) : good;

/** A few tries of each hazard are enough: the suite of the project's own tries them all. */
export const options: ConformanceOptions = {
  runs: 3,
  leaveOut: "Deno" in globalThis ? {} : {
    "a death by a real-time signal is never success, with no pipe to the command either":
      "the event of an exit tells no such signal, and only a pipe shows it in time",
  },
};

/** Tells who started the run how many tests there must be. */
export function declared(cases: readonly ConformanceCase[]): void {
  const count = cases.filter(({ leftOut }) => leftOut === undefined).length;
  if (POLYSPAWN_DECLARED) writeFileSync(POLYSPAWN_DECLARED, String(count));
}
