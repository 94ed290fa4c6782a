/**
 * How a call differs from the recorded ones.
 * @module
 */
import { show } from "../../check.ts";
import { quote } from "../../command.ts";
import { nearest } from "../../nearest.ts";
import { identity } from "./edits.ts";
import type { CassetteCall } from "./format.ts";

/** The recorded call that is nearest to one: another environment is nearer than another command. */
export function nearestCall(
  call: CassetteCall,
  recorded: readonly CassetteCall[],
): CassetteCall | undefined {
  const same = identity(call);
  const command = quote(call.argv);
  const alike = recorded.filter(({ argv }) => quote(argv) === command);
  const near = nearest(command, recorded.map(({ argv }) => quote(argv)));
  return recorded.find((other) => identity(other) === same) ??
    alike.find(({ cwd }) => cwd === call.cwd) ?? alike[0] ??
    recorded.find(({ argv }) => quote(argv) === near) ??
    recorded.find(({ argv }) => argv[0] === call.argv[0]) ?? recorded[0];
}

/** What two calls differ in beside their words, a line each. Names of variables are told, values are not. */
export function differences(call: CassetteCall, recorded: CassetteCall): string {
  if (identity(call) === identity(recorded)) return "It was played as often as it was recorded.\n";
  const lines: string[] = [];
  const place = (cwd: string | undefined) => cwd === undefined ? "none" : show(cwd);
  if (call.cwd !== recorded.cwd) {
    lines.push(`The working directory is ${place(call.cwd)}, recorded is ${place(recorded.cwd)}.`);
  }
  if (call.inheritEnv !== recorded.inheritEnv) {
    lines.push(`inheritEnv is ${call.inheritEnv}, recorded is ${recorded.inheritEnv}.`);
  }
  const [ours, theirs] = [call.env ?? {}, recorded.env ?? {}];
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const different = [...names].filter((name) => ours[name] !== theirs[name]).sort();
  if (different.length > 0) lines.push(`The environment differs in ${different.join(", ")}.`);
  return lines.map((line) => `${line}\n`).join("");
}
