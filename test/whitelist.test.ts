import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote, split } from "../src/command.ts";
import { ExecError } from "../src/errors.ts";
import { parseWhitelist } from "../src/whitelist.ts";

function refusal(entries: unknown, option?: string): ExecError {
  try {
    parseWhitelist(entries, option);
  } catch (error) {
    if (error instanceof ExecError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a whitelist", () => {
  it("allows whole commands, however they were quoted", () => {
    const list = parseWhitelist(["git status", ["git", "log", "-n 1"], "echo 'a b'"]);
    expect(list.allows(["git", "status"])).toBe(true);
    expect(list.allows(["git", "log", "-n 1"])).toBe(true);
    expect(list.allows(split(`echo "a b"`))).toBe(true);
  });

  it.each([
    ["a prefix of an entry", ["git"]],
    ["an entry with more behind it", ["git", "status", "-s"]],
    ["an entry with an empty word behind it", ["git", "status", ""]],
    ["an entry as one word", ["git status"]],
    ["an entry joined by a NUL", ["git\0status"]],
    ["an entry in a shell string", ["sh", "-c", "git status"]],
    ["an entry with an operator", ["git", "status;", "id"]],
    ["another path to the executable", ["/usr/bin/git", "status"]],
    ["another case", ["Git", "status"]],
    ["surrounding whitespace", ["git", "status "]],
    ["no words", []],
  ])("does not allow %s", (_, argv) => {
    expect(parseWhitelist(["git status"]).allows(argv)).toBe(false);
  });

  it("never takes one list of words for another, whatever they hold", () => {
    const tricky = fc.constantFrom(
      "a",
      "b",
      " ",
      '"',
      ",",
      '","',
      "'",
      "\\",
      "\0",
      "[",
      "]",
      "\ud800",
      "\\ud800",
    );
    const word = fc.string({ unit: tricky, maxLength: 4 });
    const argv = fc.array(word, { minLength: 1, maxLength: 3 })
      .filter((words) => words[0] !== "" && !words.some((each) => each.includes("\0")));
    fc.assert(
      fc.property(argv, argv, (one, other) => {
        const same = one.length === other.length && one.every((each, index) => each === other[index]);
        const list = parseWhitelist([one]);
        expect(list.allows(one)).toBe(true);
        expect(list.allows(other)).toBe(same);
        expect(parseWhitelist([quote(one)]).allows(one)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("of nothing allows nothing", () => {
    expect(parseWhitelist([]).allows(["true"])).toBe(false);
  });

  it("is not changed by later changes to the entries", () => {
    const inner = ["git", "status"];
    const entries: (string | string[])[] = [inner];
    const list = parseWhitelist(entries);
    entries.push("id");
    inner[1] = "push";
    expect(list.allows(["git", "status"])).toBe(true);
    expect(list.allows(["git", "push"])).toBe(false);
    expect(list.allows(["id"])).toBe(false);
  });
});

describe("a bad whitelist is refused, and the message names the entry", () => {
  it.each<[entries: unknown, saying: string]>([
    [undefined, "commandWhitelist: expected an array of commands, got undefined"],
    ["git status", `commandWhitelist: expected an array of commands, got "git status"`],
    [{}, "expected an array of commands, got an object"],
    [["ls", 7], "commandWhitelist[1]: expected a command as a string or an array of words, got 7"],
    [[null], "commandWhitelist[0]: expected a command as a string or an array of words, got null"],
    [Array(1), "commandWhitelist[0]: expected a command as a string or an array of words, got undefined"],
    [["ls", ""], `commandWhitelist[1]: Command "" is empty`],
    [["ls", []], "commandWhitelist[1]: Command [] is empty"],
    [[["", "a"]], `commandWhitelist[0]: Command ["", "a"] has an empty first word`],
    [["ls", "id", "echo it's"], `commandWhitelist[2]: Command "echo it's" has no closing quotation`],
    [["a\0"], `commandWhitelist[0]: Command "a\\u0000" has a NUL byte`],
    [[["ls", 7]], `commandWhitelist[0]: A command must be strings throughout, but word 1 of ["ls", 7] is 7`],
  ])("%j", (entries, saying) => {
    const error = refusal(entries);
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option", retryable: false });
    expect(error.message).toContain(saying);
  });

  it("under the name the caller gives", () => {
    expect(refusal([7], "entries[2].commandWhitelist").message).toMatch(
      /^entries\[2\]\.commandWhitelist\[0\]: /,
    );
  });
});
