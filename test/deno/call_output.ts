/**
 * Calls of `output` under other permissions than this process's own: each is made by a Deno of its own, which tells how
 * it went.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** How the call went: what it printed, or why it was refused. */
export interface Report {
  ok?: boolean;
  stdout?: string;
  kind?: string;
  reason?: string;
  message: string;
}

/** Where the programs for tests are. */
export const fixtures: string = fileURLToPath(new URL("../fixtures", import.meta.url));

/** What a run with nothing special about it inherits: a variable of the dynamic linker would be special to Deno. */
const ordinary = Object.entries(Deno.env.toObject()).filter(([name]) => !/^(LD|DYLD)_/.test(name));

/** Calls `output` under the given flags; a variable of `null` is one to remove. */
export async function callOutput(
  flags: string[],
  argv: string[],
  options: Record<string, unknown> = {},
  env: Record<string, string> = {},
): Promise<Report> {
  const host = `${fixtures}/hosts/call_output.ts`;
  const deno = new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...merged(flags), host, JSON.stringify({ argv, options })],
    env: { ...Object.fromEntries(ordinary), NO_COLOR: "1", ...env },
    clearEnv: true,
  });
  const { stdout, stderr } = await deno.output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(errors, "");
  return JSON.parse(text!);
}

/** Deno takes each flag once: what is added to a list goes into the list, and a flag without one is for all. */
function merged(flags: string[]): string[] {
  const lists = new Map<string, string[]>();
  for (const flag of flags) {
    const [name, value] = flag.split(/=(.*)/) as [string, string?];
    lists.set(name, [...lists.get(name) ?? [], value ?? ""]);
  }
  return [...lists].map(([name, values]) => values.includes("") ? name : `${name}=${values.join()}`);
}

/** The flags a message names. */
export function flagsIn(message: string): string[] {
  return [...message.matchAll(/--allow-[a-z-]+(=[^\s"'`)]*[^\s"'`).,;:])?/g)].map(([flag]) => flag);
}

/** A directory with a program that writes "other", gone again after `use`. */
export async function withOtherProgram(
  name: string,
  use: (directory: string) => Promise<unknown>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/${name}`, "#!/bin/sh\nprintf other\n", { mode: 0o755 });
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
