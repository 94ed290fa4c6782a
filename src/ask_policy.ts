/**
 * Asks a policy, and makes a denial of everything that is not a yes in time.
 * @module
 */
import { show } from "./check.ts";
import { after, type Clock } from "./clock.ts";
import { ExecError } from "./errors.ts";
import { nameOfDenier, type Policy, type PolicyRequest } from "./policy.ts";

/** A policy, and how long it may think. */
export interface PolicyRules {
  readonly policy: Policy | undefined;
  /** Time in ms after which no answer is a no; `Infinity` for none. */
  readonly policyTimeout: number;
  readonly clock: Clock;
}

const LATE = Symbol("late");

/** The error that says what was denied and by whom; `undefined` when the request may go ahead. */
export async function askPolicy(rules: PolicyRules, request: PolicyRequest): Promise<ExecError | undefined> {
  const { policy, policyTimeout } = rules;
  if (!policy) return undefined;
  // What several policies are asked is the same for each, whatever one of them does to it.
  Object.freeze(request);
  let failed = false;
  let answer: unknown;
  try {
    answer = await inTime(policy, request, rules);
  } catch (error) {
    failed = true;
    answer = error;
  }
  if (!failed && answer === true) return undefined;
  const { action, resource } = request;
  const name = nameOfDenier(policy, request);
  const late = answer === LATE ? `gave no answer within ${policyTimeout} ms, which ` : "";
  const message =
    `${name === undefined ? "The policy" : `Policy ${show(name)}`} ${failed ? "failed, which " : late}` +
    `denied ${action} of ${show(resource)}.`;
  return new ExecError("permission_denied", message, {
    cause: failed ? answer : undefined,
    details: { action, resource, ...(name !== undefined && { policy: name }) },
  });
}

async function inTime(
  policy: Policy,
  request: PolicyRequest,
  { policyTimeout, clock }: PolicyRules,
): Promise<unknown> {
  if (policyTimeout === Infinity) return await policy(request);
  return await new Promise((resolve, reject) => {
    const stop = after(clock, policyTimeout, () => resolve(LATE));
    const answer = (async () => await policy(request))();
    answer.finally(stop).then(resolve, reject);
  });
}
