/**
 * Policies: a program's own yes or no to a command, and how several make one.
 * @module
 */
import { show } from "./check.ts";
import { ExecError } from "./errors.ts";

/** What a policy is asked. */
export interface PolicyRequest {
  /** `"exec.get"`: an executor is asked for by its id. `"exec.run"`: a command is about to be run. */
  readonly action: "exec.get" | "exec.run";
  /** What the action is on: the executor's id, or the command as `quote(argv)`. */
  readonly resource: string;
  /** The executable and its arguments, for `"exec.run"`. */
  readonly argv?: readonly string[];
  /** The working directory asked for, where there is one. */
  readonly cwd?: string;
  /** The executor's id, where it has one. */
  readonly executorId?: string;
}

/** Says whether a request may go ahead. Only `true` allows: a policy that throws or answers anything else denies. */
export type Policy = (request: PolicyRequest) => boolean | Promise<boolean>;

/**
 * A policy that allows what all of the given ones allow, and everything when there are none.
 *
 * They are asked in order, each once the one before has answered, and none after the first that denies. An error of
 * one rejects, and so denies.
 *
 * @param policies the policies that must all agree
 * @returns one policy
 * @throws {ExecError} `invalid_option` when one is not a function
 *
 * @example Only git, and only in one directory
 * ```ts
 * import { allOf, createExecutor, type Policy } from "@polyspawn/polyspawn";
 *
 * const onlyGit: Policy = ({ argv }) => argv?.[0] === "git";
 * const onlyHere: Policy = ({ cwd }) => cwd === undefined;
 * const executor = createExecutor({ policy: allOf(onlyGit, onlyHere) });
 * ```
 */
export function allOf(...policies: Policy[]): Policy {
  checkPolicies("allOf", policies);
  return combined("allOf", policies, async (request) => {
    for (const policy of policies) {
      deniers.delete(request);
      if ((await policy(request)) === true) continue;
      deniers.set(request, nameOfDenier(policy, request));
      return false;
    }
    return true;
  });
}

/**
 * A policy that allows what at least one of the given ones allows, and nothing when there are none.
 *
 * They are asked in order, each once the one before has answered, and none after the first that allows. One that
 * throws only denies for itself; when no other allows, the first error rejects, so that its cause is not lost.
 *
 * @param policies the policies of which one is enough
 * @returns one policy
 * @throws {ExecError} `invalid_option` when one is not a function
 *
 * @example Anything of git, and one command more
 * ```ts
 * import { anyOf, createExecutor, type Policy } from "@polyspawn/polyspawn";
 *
 * const git: Policy = ({ argv }) => argv?.[0] === "git";
 * const listing: Policy = ({ resource }) => resource === "ls -l";
 * const executor = createExecutor({ policy: anyOf(git, listing) });
 * ```
 */
export function anyOf(...policies: Policy[]): Policy {
  checkPolicies("anyOf", policies);
  const anyOne = combined("anyOf", policies, async (request) => {
    const errors: unknown[] = [];
    for (const policy of policies) {
      try {
        if ((await policy(request)) === true) return true;
      } catch (error) {
        errors.push(error);
      }
    }
    deniers.set(request, nameOf(anyOne));
    // Not a plain false: whoever negates a policy must not turn a failure into a permission.
    if (errors.length > 0) throw errors[0];
    return false;
  });
  return anyOne;
}

/** Which of several policies said no to a request: their common answer can't tell. */
const deniers = new WeakMap<PolicyRequest, string | undefined>();

/** The name of the policy that denied a request, as precisely as it is known; `undefined` for one without a name. */
export function nameOfDenier(policy: Policy, request: PolicyRequest): string | undefined {
  return deniers.has(request) ? deniers.get(request) : nameOf(policy);
}

/** Names a policy for messages by its members. */
function combined(combinator: string, policies: readonly Policy[], policy: Policy): Policy {
  const names = policies.map((each) => nameOf(each) ?? "?");
  return Object.defineProperty(policy, "name", { value: `${combinator}(${names.join(", ")})` });
}

function nameOf(policy: Policy): string | undefined {
  const { name } = policy as { name?: unknown };
  // A function that is written as the option's value is named after the option.
  return typeof name === "string" && name !== "" && name !== "policy" ? name : undefined;
}

/** At once rather than on the first request: a forgotten import would otherwise just deny, or go unseen in `anyOf`. */
function checkPolicies(combinator: string, policies: readonly unknown[]): void {
  for (const [index, policy] of policies.entries()) {
    if (typeof policy !== "function") {
      throw new ExecError(
        "invalid_option",
        `Policy ${index} of ${combinator} is ${show(policy)}: give a function that answers true or false.`,
        { details: { index, policy } },
      );
    }
  }
}
