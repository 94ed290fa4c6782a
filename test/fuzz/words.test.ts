/**
 * Splitting and quoting, against Python's shlex and against themselves.
 */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseCommand, quote, split } from "../../src/command.ts";
import { isExecError } from "../../src/errors.ts";
import { parameters, RUNS } from "../support/fuzz.ts";

/** Any string JavaScript can hold, heavy in what lexers decide on. */
const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({
      unit: fc.constantFrom(...`'"\\ \t\r\n#;&|<>()$\`*?~=%ab_é漢\u00a0\u2028\ud800`),
      maxLength: 14,
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
);

const program = `
import json, shlex, sys
def attempt(command):
    try:
        return shlex.split(command)
    except ValueError as error:
        return str(error)
json.dump([attempt(command) for command in json.loads(sys.stdin.buffer.read())], sys.stdout)
`;
/** Commands for one python: so many that starting it costs little, so few that they fit into memory. */
const BATCH = 20_000;
const python = spawnSync("python3", ["-c", "import json, shlex"]).status === 0;

// shlex is Python's: without one there is nothing to hold split against but the table of test/command.test.ts.
it.skipIf(!python)("split is what Python's shlex.split is", { timeout: 1_800_000 }, () => {
  for (let done = 0; done < RUNS; done += BATCH) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const commands = fc.sample(anything, { seed, numRuns: Math.min(BATCH, RUNS - done) });
    const { stdout } = spawnSync("python3", ["-c", program], {
      input: JSON.stringify(commands),
      encoding: "utf8",
      maxBuffer: Infinity,
    });
    const expected = JSON.parse(stdout) as (string[] | string)[];
    for (const [index, command] of commands.entries()) {
      const said = JSON.stringify(expected[index]);
      if (JSON.stringify(outcome(command)) === said) continue;
      expect(outcome(command), `seed ${seed}, command ${JSON.stringify(command)}`).toEqual(expected[index]);
    }
  }
});

/** What split does, in shlex's terms; anything but the documented error escapes. */
function outcome(command: string): string[] | string {
  try {
    return split(command);
  } catch (error) {
    if (!isExecError(error) || error.reason !== "invalid_command") throw error;
    return error.message.includes("no closing quotation") ? "No closing quotation" : "No escaped character";
  }
}

it("quote is undone by split", { timeout: 1_800_000 }, () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 5 }), (argv) => {
      const words = split(quote(argv));
      return words.length === argv.length && words.every((word, at) => word === argv[at]);
    }),
    parameters,
  );
});

it("no command makes anything but words or invalid_command", { timeout: 1_800_000 }, () => {
  fc.assert(
    fc.property(fc.oneof(anything, fc.array(anything, { maxLength: 4 }), fc.anything()), (command) => {
      try {
        const argv = parseCommand(command as string);
        return argv.length > 0 && argv.every((word) => typeof word === "string" && !word.includes("\0"));
      } catch (error) {
        return isExecError(error) && error.reason === "invalid_command";
      }
    }),
    parameters,
  );
});
