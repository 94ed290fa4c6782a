/**
 * The quoting is held against models of the two programs that take a command line apart: the C runtime, and cmd.exe, which
 * reads it before a batch file gets its words and again when the file uses them.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  batchArguments,
  checkLength,
  checkOneLine,
  quoteForBatch,
  quoteForProgram,
} from "../../../backends/windows/command_line.ts";
import { failure } from "../../support/outcome.ts";

/** What the C runtime makes of a command line, as its documentation has it. */
function crtWords(line: string): string[] {
  const words: string[] = [];
  let [word, quoted] = [undefined as string | undefined, false];
  for (let at = 0; at < line.length;) {
    const slashes = /^\\*/.exec(line.slice(at))![0].length;
    at += slashes;
    if (line[at] === '"') {
      word = (word ?? "") + "\\".repeat(slashes >> 1);
      if (slashes % 2 === 1) word += '"';
      else if (quoted && line[at + 1] === '"') [word, at] = [word + '"', at + 1];
      else quoted = !quoted;
      at++;
      continue;
    }
    if (slashes > 0) word = (word ?? "") + "\\".repeat(slashes);
    if (at >= line.length) break;
    const char = line[at++]!;
    if (!quoted && (char === " " || char === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  return word === undefined ? words : [...words, word];
}

/** What of a line cmd.exe would take for its own: signs outside of quotes, which every quote turns on or off. */
function outsideQuotes(line: string): string {
  return line.split('"').filter((_, index) => index % 2 === 0).join("");
}

/** Variables of a command line (not of a batch file) as cmd.exe puts them in: first of all, whatever the quotes. */
function expandVariables(line: string, variables: Record<string, string>): string {
  return line.replace(/%([^%:]+)(:~,)?%/g, (whole, name: string, part?: string) => {
    const value = variables[name.toUpperCase()];
    return value === undefined ? whole : part ? "" : value;
  });
}

const variables = { CD: "C:\\here", PATH: "C:\\bin" };
const word = fc.string({
  unit: fc.constantFrom(..."ab \t\"\\%^&|<>()!;,='~:*?PATH".split(""), "é", "😀"),
  maxLength: 12,
});
const HARD = [
  'a"&calc&"',
  "%PATH%",
  "^&",
  '"',
  '\\"',
  "a\\",
  'x\\\\"y',
  "",
  "a b",
  "100%",
  "%",
  "%%",
  "%CD:~,%",
  "!PATH!",
  "(a)",
  "&calc",
];

describe("a command line for a program", () => {
  it.each(HARD)("carries %j", (hard) => {
    expect(crtWords(`x ${quoteForProgram(hard)} y`)).toEqual(["x", hard, "y"]);
  });

  it("carries any words", () => {
    fc.assert(fc.property(fc.array(word), (words) => {
      expect(crtWords(words.map(quoteForProgram).join(" "))).toEqual(words);
    }));
  });
});

describe("a command line for a batch file", () => {
  it.each(HARD)(
    "keeps %j data for cmd.exe, for what the file hands it to, and for the program at the end",
    (hard) => {
      const line = expandVariables(quoteForBatch(hard), variables);
      expect(outsideQuotes(line)).toBe("");
      expect(crtWords(`x ${line} y`)).toEqual(["x", hard, "y"]);
    },
  );

  it("keeps any words data", () => {
    fc.assert(fc.property(fc.array(word), (words) => {
      const line = expandVariables(words.map(quoteForBatch).join(" "), variables);
      expect(outsideQuotes(line).trim()).toBe("");
      expect(crtWords(line)).toEqual(words);
    }));
  });

  it("is one text between quotes, with extensions on and delayed expansion off", () => {
    expect(batchArguments("C:\\a b\\t.cmd", ["x y", "&"])).toEqual([
      "/d",
      "/e:on",
      "/v:off",
      "/s",
      "/c",
      '""C:\\a b\\t.cmd" "x y" "&""',
    ]);
  });

  it.each(["a\nb", "a\rb", "\r\n", "a\0b"])("is refused with %j in it, which names the word", async (bad) => {
    const error = await failure(async () => await checkOneLine(["fine", bad], "x.cmd"));
    expect([error.reason, error.kind]).toEqual(["invalid_command", "INVALID"]);
    expect(error.message).toContain(JSON.stringify(bad));
  });
});

describe("the length of a command line", () => {
  it.each([
    [32_766 - 2, { raw: false, cmd: false }],
    [8_191 - 2, { raw: true, cmd: true }],
  ])("may be %i and no more", async (rest, how) => {
    checkLength("x", ["a".repeat(rest)], how);
    const error = await failure(async () => await checkLength("x", ["a".repeat(rest + 1)], how));
    expect(error.reason).toBe("argument_too_long");
  });

  it("counts the quotes that are added", async () => {
    const error = await failure(async () =>
      await checkLength("x", ['"'.repeat(17_000)], { raw: false, cmd: false })
    );
    expect(error.reason).toBe("argument_too_long");
  });
});
