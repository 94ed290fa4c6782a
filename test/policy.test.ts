import { describe, expect, it } from "vitest";
import { ExecError } from "../src/errors.ts";
import { allOf, anyOf, type Policy, type PolicyRequest } from "../src/policy.ts";

const request: PolicyRequest = { action: "exec.run", resource: "git status", argv: ["git", "status"] };
const failure = new Error("the policy's own trouble");

const yes: Policy = () => true;
const no: Policy = () => false;
const later = (answer: boolean): Policy => () => Promise.resolve(answer);
const truthy = (() => "yes") as unknown as Policy;
const truthyLater = (() => Promise.resolve(1)) as unknown as Policy;
const silent = (() => undefined) as unknown as Policy;
const throwing: Policy = () => {
  throw failure;
};
const rejecting: Policy = () => Promise.reject(failure);

describe("allOf", () => {
  it.each<[name: string, policies: Policy[], allowed: boolean]>([
    ["none: nothing denies", [], true],
    ["one that allows", [yes], true],
    ["one that denies", [no], false],
    ["all allow", [yes, later(true), yes], true],
    ["one denies", [yes, no], false],
    ["one denies later", [yes, later(false), yes], false],
    ["a truthy answer is not true", [yes, truthy], false],
    ["nor is one that comes later", [truthyLater], false],
    ["no answer", [silent], false],
  ])("%s", async (_, policies, allowed) => {
    expect(await allOf(...policies)(request)).toBe(allowed);
  });

  it.each([[throwing], [rejecting]])("an error of one never reads as an answer", async (broken) => {
    await expect(Promise.resolve(allOf(yes, broken)(request))).rejects.toBe(failure);
  });

  it("asks in order, waits for each, and stops at the first that denies", async () => {
    const log: string[] = [];
    const slow: Policy = async () => {
      log.push("slow asked");
      await Promise.resolve();
      log.push("slow answered");
      return true;
    };
    const denying: Policy = () => !log.push("denying asked");
    const never: Policy = () => Boolean(log.push("must not be asked"));
    expect(await allOf(slow, denying, never)(request)).toBe(false);
    expect(log).toEqual(["slow asked", "slow answered", "denying asked"]);
  });
});

describe("anyOf", () => {
  it.each<[name: string, policies: Policy[], allowed: boolean]>([
    ["none: nothing allows", [], false],
    ["one that allows", [yes], true],
    ["one that denies", [no], false],
    ["all deny", [no, later(false)], false],
    ["one allows", [no, yes], true],
    ["one allows later", [no, later(true)], true],
    ["truthy answers are not true", [truthy, truthyLater, silent], false],
    ["one that throws denies only for itself", [throwing, yes], true],
    ["one that rejects denies only for itself", [rejecting, later(true)], true],
  ])("%s", async (_, policies, allowed) => {
    expect(await anyOf(...policies)(request)).toBe(allowed);
  });

  it.each([[throwing], [rejecting]])("an error is not lost when no other allows", async (broken) => {
    await expect(Promise.resolve(anyOf(no, broken, no)(request))).rejects.toBe(failure);
  });

  it("asks in order, waits for each, and stops at the first that allows", async () => {
    const log: string[] = [];
    const slow: Policy = async () => {
      log.push("slow asked");
      await Promise.resolve();
      log.push("slow answered");
      return false;
    };
    const allowing: Policy = () => Boolean(log.push("allowing asked"));
    const never: Policy = () => Boolean(log.push("must not be asked"));
    expect(await anyOf(slow, allowing, never)(request)).toBe(true);
    expect(log).toEqual(["slow asked", "slow answered", "allowing asked"]);
  });
});

describe("allOf and anyOf", () => {
  it("combine, and hand the same request to every policy", async () => {
    const seen: PolicyRequest[] = [];
    const noting = (answer: boolean): Policy => (asked) => {
      seen.push(asked);
      return answer;
    };
    expect(await allOf(anyOf(noting(false), noting(true)), allOf(noting(true)))(request)).toBe(true);
    expect(seen).toHaveLength(3);
    expect(seen.every((asked) => asked === request)).toBe(true);
  });

  it.each([["allOf", allOf] as const, ["anyOf", anyOf] as const])(
    "%s refuses at once what is not a function",
    (name, combine) => {
      let caught: unknown;
      try {
        combine(yes, undefined as never);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(ExecError);
      expect(caught).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
      expect((caught as ExecError).message).toContain(`Policy 1 of ${name} is undefined: give a function`);
    },
  );
});
