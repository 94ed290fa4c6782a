import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCommand, quote, split } from "../src/command.ts";
import { ExecError } from "../src/errors.ts";

/** The words, or the message with which shlex refuses. */
type Outcome = string[] | string;

/** What `split` does, in shlex's terms; anything but the documented error escapes and fails the test. */
function outcome(command: string): Outcome {
  try {
    return split(command);
  } catch (error) {
    if (!(error instanceof ExecError) || error.reason !== "invalid_command") throw error;
    if (error.message.includes("no closing quotation")) return "No closing quotation";
    if (error.message.includes("no escaped character")) return "No escaped character";
    throw error;
  }
}

function refusal(action: () => unknown): ExecError {
  try {
    action();
  } catch (error) {
    if (error instanceof ExecError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Characters that lexers and shells decide on, far more often than chance would bring them. */
const lexical = fc.constantFrom(
  ...`'"\\ \t\r\n'"\\ #;&|<>()$\`*?[]{}!~=%^@-.,:/ab0_é漢\u00a0\u2028\ufeff`,
  "😀",
);
/** Text as processes can take it: no NUL, no lone surrogate. */
const text = fc.oneof(
  fc.string({ unit: lexical, maxLength: 10 }),
  fc.string({ unit: "binary", maxLength: 6 }).map((word) => word.replaceAll("\0", "")),
);
/** Any string JavaScript can hold. */
const anything = fc.oneof(
  text,
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
);

describe("split does what Python's shlex.split does", () => {
  const table = JSON.parse(
    readFileSync(new URL("./fixtures/shlex_table.json", import.meta.url), "utf8"),
  ) as [command: string, expected: Outcome][];

  it("on every row of the table", () => {
    expect(table.length).toBeGreaterThanOrEqual(3000);
    const differing = table
      .map(([command, expected]) => ({ command, expected, got: outcome(command) }))
      .filter(({ expected, got }) => JSON.stringify(expected) !== JSON.stringify(got));
    expect(differing).toEqual([]);
  });

  // One process for all: it answers with split of each command, and join of each list of words.
  const program = `
import json, shlex, sys
def attempt(command):
    try:
        return shlex.split(command)
    except ValueError as error:
        return str(error)
commands, lists = json.loads(sys.stdin.buffer.read())
json.dump([[attempt(c) for c in commands], [shlex.join(l) for l in lists]], sys.stdout)
`;
  const python = spawnSync("python3", ["-c", "import json, shlex; shlex.join"]).status === 0;

  it.skipIf(!python)("on fresh strings against python3 itself, and quotes as shlex.join does", () => {
    const seed = Date.now() | 0;
    const commands = fc.sample(anything, { seed, numRuns: 3000 });
    const lists = fc.sample(fc.array(anything, { maxLength: 4 }), { seed, numRuns: 1000 });
    const { stdout, stderr } = spawnSync("python3", ["-c", program], {
      input: JSON.stringify([commands, lists]),
      encoding: "utf8",
      maxBuffer: Infinity,
    });
    expect(stderr).toBe("");
    const [splits, joins] = JSON.parse(stdout) as [Outcome[], string[]];
    expect(commands.map(outcome), `seed ${seed}`).toEqual(splits);
    // The first word, and one that begins with "=", are quoted more often than shlex does, on purpose.
    const kept = lists.map((words, index) => ({ words, index }))
      .filter(({ words }) =>
        words.every((word, at) => at === 0 ? /^[ab0]*$/.test(word) : !word.startsWith("="))
      );
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.map(({ words }) => quote(words)), `seed ${seed}`).toEqual(
      kept.map(({ index }) => joins[index]),
    );
  }, 60_000);

  it("takes only space, tab, carriage return and newline for whitespace", () => {
    expect(split(" a\tb\rc\nd ")).toEqual(["a", "b", "c", "d"]);
    const others = "\v\f\x1c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\ufeff";
    expect(split(others)).toEqual([others]);
  });

  it("keeps lone surrogates, also behind a backslash", () => {
    expect(split("\ud800 '\udfff' \\\ud83d\\\ude00")).toEqual(["\ud800", "\udfff", "😀"]);
  });

  it("splits megabytes between quotes without running out of stack", () => {
    const long = "x\\\\".repeat(500_000);
    expect(split(`"${long}"`)[0]).toHaveLength(1_000_000);
    expect(split(`'${long}'`)[0]).toHaveLength(1_500_000);
  });
});

describe("quote", () => {
  it("is undone by split, whatever the words are", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (argv) => {
        expect(split(quote(argv))).toEqual(argv);
      }),
      { numRuns: 2000 },
    );
  });

  it("leaves words plain that need no quotes", () => {
    const plain = ["/usr/bin/env", "A_Z-09", "a@b", "50%", "+x", "--key=value", "a:b,c", "."];
    expect(quote(plain)).toBe(plain.join(" "));
  });

  it.each([
    [["", ""], "'' ''"],
    [[], ""],
    [["it's"], `'it'"'"'s'`],
    [
      ["echo", "a b", "$HOME", "~", "#", "!", "{a,b}", "*", "\n"],
      "echo 'a b' '$HOME' '~' '#' '!' '{a,b}' '*' '\n'",
    ],
    [["A=b", "A=b"], "'A=b' A=b"],
    [["if", "if"], "'if' if"],
    [["time", "ls"], "'time' ls"],
    [["echo", "=ls", "a="], "echo '=ls' a="],
    [["\u00a0", "é"], "'\u00a0' 'é'"],
  ])("of %j is %j", (argv, expected) => {
    expect(quote(argv)).toBe(expected);
  });

  it("refuses what is not an array of strings", () => {
    const string = refusal(() => quote("ls -l" as never));
    expect(string).toMatchObject({ kind: "INVALID", reason: "invalid_command" });
    expect(string.message).toContain(`must be an array of strings, not "ls -l"`);
    expect(refusal(() => quote(["ls", 7] as never)).message).toContain(`word 1 of ["ls", 7] is 7`);
  });
});

const SHELLS = ["sh", "dash", "bash", "zsh", "ksh"].filter((shell) =>
  spawnSync(shell, ["-c", ":"]).status === 0
);

describe.skipIf(process.platform === "win32").each(SHELLS)(
  "what quote gives, %s reads as it was",
  (shell) => {
    /** What the shell's own printf is given by each command line, all in one shell. */
    function readBack(argvs: readonly (readonly string[])[]): string[] {
      const script = argvs.map((argv) => quote(["printf", "%s\\0", ...argv])).join("\n");
      const { stdout, stderr } = spawnSync(shell, ["-c", script], { encoding: "utf8", maxBuffer: Infinity });
      expect(stderr).toBe("");
      return stdout.split("\0").slice(0, -1);
    }

    it("each character, alone, at the front and inside", () => {
      const points = Array.from({ length: 0x250 }, (_, point) => point).slice(1);
      const chars = [...points, 0x2028, 0xfeff, 0xfffd, 0x1f600].map((point) => String.fromCodePoint(point));
      const argvs = chars.map((char) => [char, `${char}a`, `a${char}b`, `'${char}"\\${char}`]);
      expect(readBack(argvs)).toEqual(argvs.flat());
    });

    it("words that shells expand, assign or comment out", () => {
      const words = [
        "",
        ..."~ ~root ~/a =ls =a=b A=b A=~ !! !a # #a a#b {a,b} {1..3} * ? [a-z] $HOME ${HOME} $(id) `id` <(id) -n -- - %1 +x",
        ...[
          "a\nb",
          "\n",
          "\r\n",
          "\\",
          "\\\n",
          "'",
          "''",
          '"',
          "'\"'\"'",
          " ",
          "\t",
          "EOF\n",
          "&&",
          ">/dev/null",
          "if",
          "done",
        ],
      ];
      expect(readBack([words])).toEqual(words);
    });

    it("random words, hundreds to a shell", () => {
      const argv = fc.array(text, { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(fc.array(argv, { minLength: 150, maxLength: 150 }), (argvs) => {
          expect(readBack(argvs)).toEqual(argvs.flat());
        }),
        { numRuns: 4, endOnFailure: true },
      );
    }, 60_000);

    describe("as the first word", () => {
      let bin: string;
      beforeAll(() => {
        bin = mkdtempSync(join(tmpdir(), "polyspawn-"));
      });
      afterAll(() => rmSync(bin, { recursive: true }));

      it("assignments, reserved words and anything else name the executable", () => {
        const reserved =
          "case coproc do done elif else esac fi for function if in select then time until while";
        const names = [
          ...`${reserved} ! { } [[ ]] A=b A+=b =a a= ~ ~root # #a {a,b} * $HOME ; & -x +x @ é`.split(" "),
          ...["a b", " ", "\n", "it's", '"', "\\", "\t"],
        ];
        const program = join(bin, "program");
        writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "\${0##*/}" "$@"\n`);
        chmodSync(program, 0o755);
        for (const name of names) symlinkSync(program, join(bin, name));

        const script = ["PATH=$1", ...names.map((name) => quote([name, name]))].join("\n");
        const { stdout, stderr } = spawnSync(shell, ["-c", script, shell, bin], { encoding: "utf8" });
        expect(stderr).toBe("");
        expect(stdout.split("\0").slice(0, -1)).toEqual(names.flatMap((name) => [name, name]));
      });
    });
  },
);

describe("parseCommand", () => {
  it("splits a string, takes an array as it is, and freezes a copy", () => {
    const given = ["a b", "'c'", ""];
    const argv = parseCommand(given);
    given[0] = "changed";
    expect(argv).toEqual(["a b", "'c'", ""]);
    expect(Object.isFrozen(argv)).toBe(true);
    const words = parseCommand(`echo 'Hello, World!' ""`);
    expect(words).toEqual(["echo", "Hello, World!", ""]);
    expect(Object.isFrozen(words)).toBe(true);
  });

  it("reads each element once, so that what was checked is what is run", () => {
    let reads = 0;
    const sly = ["ls"];
    Object.defineProperty(sly, 0, { get: () => (reads++ === 0 ? "ls" : "rm\0") });
    expect(parseCommand(sly)).toEqual(["ls"]);
    expect(reads).toBe(1);
  });

  it.each<[command: unknown, saying: string]>([
    ["", `Command "" is empty: name an executable`],
    [" \t\n", `Command " \\t\\n" is empty`],
    [[], `Command [] is empty`],
    [`"" -l`, `has an empty first word`],
    [
      ["", "a", "b", "c", "d", "e", "f"],
      `Command ["", "a", "b", "c", "d", and 2 more] has an empty first word`,
    ],
    ["echo it's", `Command "echo it's" has no closing quotation for the ' at index 7: close it`],
    [`say "a 'b' \\"`, `has no closing quotation for the " at index 4`],
    [
      "dir C:\\",
      `Command "dir C:\\\\" ends with a backslash that has no escaped character after it: remove it`,
    ],
    [`echo "a\\`, `ends with a backslash`],
    ["cat a\0b", `has a NUL byte in word 1, "a\\u0000b": no process can be given one`],
    [["cat", "b", "\0"], `has a NUL byte in word 2, "\\u0000"`],
    [["sleep", 5], `word 1 of ["sleep", 5] is 5: convert it with String()`],
    [["ls", undefined], `word 1 of ["ls", undefined] is undefined`],
    [Array(1), `word 0 of [undefined] is undefined`],
    [[["ls"]], `word 0 of [an array] is an array`],
    [undefined, `must be a string or an array of strings, not undefined`],
    [null, `must be a string or an array of strings, not null`],
    [7, `not 7`],
    [{ 0: "ls", length: 1 }, `not an object`],
    [new Set(["ls"]), `not an object`],
  ])("refuses %j, and the message says why", (command, saying) => {
    const error = refusal(() => parseCommand(command as string));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_command", retryable: false });
    expect(error.message).toContain(saying);
  });

  it("shortens a long command in the message", () => {
    const error = refusal(() => parseCommand(`echo '${"x".repeat(100_000)}`));
    expect(error.message).toContain(`"echo 'xxx`);
    expect(error.message.length).toBeLessThan(400);
  });
});

describe("split refuses what is not a string", () => {
  it.each([[undefined], [null], [7], [["ls"]]])("%j", (value) => {
    expect(refusal(() => split(value as never))).toMatchObject({
      kind: "INVALID",
      reason: "invalid_command",
    });
  });
});
