/**
 * Asks a policy, and makes a denial of everything that is not a yes in time.
 * @module
 */
import { onAbort } from "./abort.ts";
import { show } from "./check.ts";
import { after, type Clock } from "./clock.ts";
import { ExecError } from "./errors.ts";
import { abortInterruption } from "./interruption.ts";
import { nameOfDenier, type Policy, type PolicyRequest } from "./policy.ts";

/** A policy, and how long it may think. */
export interface PolicyRules {
  readonly policy: Policy | undefined;
  /** Time in ms after which no answer is a no; `Infinity` for none. */
  readonly policyTimeout: number;
  readonly clock: Clock;
}

/** What ends a call that waits for a policy. */
export interface PolicyDeadline {
  readonly signal: AbortSignal | undefined;
  /** Time in ms that a policy may take of the call's; `Infinity` is none. */
  readonly timeout: number;
}

const LATE = Symbol("late");

/**
 * The error that says what was denied and by whom; `undefined` when the request may go ahead.
 * @throws {ExecError} A rejection with `canceled` or `timed_out` when the call is over before there is an answer
 */
export async function askPolicy(
  rules: PolicyRules,
  request: PolicyRequest,
  deadline: PolicyDeadline = { signal: undefined, timeout: Infinity },
): Promise<ExecError | undefined> {
  const { policy, policyTimeout } = rules;
  if (!policy) return undefined;
  // What several policies are asked is the same for each, whatever one of them does to it.
  Object.freeze(request);
  let failed = false;
  let answer: unknown;
  try {
    answer = await inTime(policy, request, rules, deadline);
  } catch (error) {
    failed = true;
    answer = error;
  }
  if (answer instanceof Over) throw answer.error;
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

/** The call is over, and no answer is waited for any more. */
class Over {
  readonly error: ExecError;

  constructor(error: ExecError) {
    this.error = error;
  }
}

async function inTime(
  policy: Policy,
  request: PolicyRequest,
  { policyTimeout, clock }: PolicyRules,
  { signal, timeout }: PolicyDeadline,
): Promise<unknown> {
  const command = show(request.resource);
  if (signal?.aborted) return new Over(abortInterruption(signal, command).error);
  if (policyTimeout === Infinity && timeout === Infinity && !signal) return await policy(request);
  const stops: (() => void)[] = [];
  try {
    return await new Promise((resolve, reject) => {
      if (policyTimeout !== Infinity) stops.push(after(clock, policyTimeout, () => resolve(LATE)));
      if (timeout < policyTimeout) {
        const message =
          `Command ${command} was not run: its policy gave no answer within its timeout of ${timeout} ms.`;
        const error = new ExecError("timed_out", message, { details: { timeout } });
        stops.push(after(clock, timeout, () => resolve(new Over(error))));
      }
      if (signal) {
        stops.push(onAbort(signal, () => resolve(new Over(abortInterruption(signal, command).error))));
      }
      (async () => await policy(request))().then(resolve, reject);
    });
  } finally {
    for (const stop of stops) stop();
  }
}
