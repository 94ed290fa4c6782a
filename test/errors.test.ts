/**
 * Errors as programs see them: the table of the contract, and errors of another copy of the module.
 */
import { describe, expect, it } from "vitest";
import { ExecError, type ExecErrorKind, isExecError, toExecError } from "../src/errors.ts";

/** The rows that belong to this package, typed out: reason, kind, and whether trying again can help. */
const TABLE: readonly [reason: string, kind: ExecErrorKind, retryable: boolean][] = [
  ["invalid_id", "INVALID", false],
  ["permission_denied", "INVALID", false],
  ["process_closed", "INVALID", false],
  ["not_started", "INVALID", false],
  ["already_started", "INVALID", false],
  ["executor_released", "INVALID", false],
  ["invalid_command", "INVALID", false],
  ["invalid_option", "INVALID", false],
  ["unsupported", "INVALID", false],
  ["stream_busy", "INVALID", false],
  ["argument_too_long", "INVALID", false],
  ["stdin_closed", "UNAVAILABLE", false],
  ["command_not_allowed", "PERMISSION_DENIED", false],
  ["os_permission", "PERMISSION_DENIED", false],
  ["executor_not_found", "NOT_FOUND", false],
  ["executor_exists", "ALREADY_EXISTS", false],
  ["command_not_found", "NOT_FOUND", false],
  ["cwd_not_found", "NOT_FOUND", false],
  ["resource_exhausted", "UNAVAILABLE", true],
  ["backend_unavailable", "UNAVAILABLE", true],
  ["buffer_exceeded", "UNAVAILABLE", false],
  ["timed_out", "TIMEOUT", true],
  ["canceled", "CANCELED", false],
  ["exit_nonzero", "INTERNAL", false],
  ["internal", "INTERNAL", false],
];

describe("an ExecError", () => {
  it.each(TABLE)("of the reason %s is %s, retryable: %s", (reason, kind, retryable) => {
    expect(new ExecError(reason, "What and why.")).toMatchObject({ kind, reason, retryable });
  });

  it("is an Error with a message, a name and a stack", () => {
    const error = new ExecError("timed_out", `Command "a" took too long.`);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, String(error)]).toEqual([
      "ExecError",
      `Command "a" took too long.`,
      `ExecError: Command "a" took too long.`,
    ]);
    expect(error.stack).toContain("errors.test");
  });

  it("has details, cause and output only where they are given", () => {
    const bare = new ExecError("internal", "Why.");
    expect([bare.details, bare.cause, bare.output, "cause" in bare]).toEqual([
      {},
      undefined,
      undefined,
      false,
    ]);
    const cause = new Error("underneath");
    const details = { limit: 5 };
    const full = new ExecError("internal", "Why.", { cause, details });
    expect(full).toMatchObject({ cause, details: { limit: 5 } });
    details.limit = 6;
    expect([full.details, Object.isFrozen(full.details)]).toEqual([{ limit: 5 }, true]);
  });

  it("of a backend's own reason is of the kind the backend says", () => {
    const error = new ExecError("unexpected_command", "No rule.", { kind: "NOT_FOUND", retryable: true });
    expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "unexpected_command", retryable: true });
    expect(new ExecError("unexpected_command", "No rule.")).toMatchObject({
      kind: "INTERNAL",
      retryable: false,
    });
  });

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty", ""])(
    "is of no kind by accident: %j",
    (reason) => {
      expect(new ExecError(reason, "Why.")).toMatchObject({ kind: "INTERNAL", reason, retryable: false });
    },
  );
});

describe("isExecError", () => {
  it("holds across two copies of the module, in both directions", async () => {
    const copy = await import("../src/errors.ts?copy" as string) as typeof import("../src/errors.ts");
    expect(copy.ExecError).not.toBe(ExecError);
    const [own, foreign] = [new ExecError("timed_out", "Why."), new copy.ExecError("timed_out", "Why.")];
    expect([foreign instanceof ExecError, own instanceof copy.ExecError]).toEqual([false, false]);
    expect([isExecError(foreign), copy.isExecError(own), isExecError(own)]).toEqual([true, true, true]);
    expect(toExecError(foreign, "Doing")).toBe(foreign);
  });

  it.each([
    ["an Error", new Error("x")],
    [
      "an Error by that name",
      Object.assign(new Error("x"), { name: "ExecError", kind: "INVALID", reason: "internal" }),
    ],
    ["a string", "ExecError"],
    ["null", null],
    ["undefined", undefined],
    ["a function", () => {}],
    ["an object without prototype", Object.create(null)],
  ])("is false for %s", (_, value) => {
    expect(isExecError(value)).toBe(false);
  });

  it("is true for an error of a subclass", () => {
    class Special extends ExecError {}
    expect(isExecError(new Special("internal", "Why."))).toBe(true);
  });
});

describe("toExecError", () => {
  it("gives an ExecError back as it is", () => {
    const error = new ExecError("timed_out", "Why.");
    expect(toExecError(error, "Doing")).toBe(error);
  });

  it.each<[what: string, thrown: unknown, text: string]>([
    ["an Error", new Error("underneath"), "underneath"],
    ["a string", "underneath", "underneath"],
    ["undefined", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["an object", { a: 1 }, "[object Object]"],
    ["an object without any text", Object.create(null), ""],
  ])("makes %s an internal error with that cause", (_, thrown, text) => {
    const error = toExecError(thrown, "Starting it");
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal" });
    expect(error.cause).toBe(thrown);
    expect(error.message).toContain("Starting it failed unexpectedly: " + text);
  });
});
