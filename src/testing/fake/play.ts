/**
 * Plays what a rule says.
 * @module
 */
import type { SpawnRequest } from "../../backend.ts";
import { checkFunction, invalidOption } from "../../check.ts";
import type { Clock } from "../../clock.ts";
import { microtasks } from "../turn.ts";
import type { CallLog } from "./call_log.ts";
import { FakeChild } from "./child.ts";
import { isEnd } from "./background.ts";
import { type FakeAnswer, type Plan, planReply, startError } from "./reply.ts";
import { Script, startWindow } from "./script.ts";

/** What a rule answers with: what data says is checked when the rule is made, what a function says when it is called. */
export type Answer = Plan | Extract<FakeAnswer, (...args: never) => unknown>;

/** Starts the child of a call. */
export function start(
  request: SpawnRequest,
  clock: Clock,
  log: CallLog,
  answer: Answer,
): Promise<FakeChild> {
  if (typeof answer === "function") return startFunction(request, clock, log, answer);
  const error = startError(answer, log.seen.command);
  if (error) {
    log.inputEnded();
    return Promise.reject(error);
  }
  const child = new FakeChild(request, clock, log);
  log.startedAs(child);
  void play(child, log, answer);
  return Promise.resolve(child);
}

async function startFunction(
  request: SpawnRequest,
  clock: Clock,
  log: CallLog,
  answer: Exclude<Answer, Plan>,
): Promise<FakeChild> {
  const child = new FakeChild(request, clock, log);
  log.startedAs(child);
  const script = new Script(child, log);
  let outcome: { readonly plan: Plan } | { readonly error: unknown } | undefined;
  const answering = planOf(() => answer(log.seen, script))
    .then((plan) => outcome = { plan }, (error) => outcome = { error });
  await startWindow(() => outcome !== undefined || script.acted || log.draining);
  const refusal = !outcome || script.acted ? undefined : refusalOf(outcome, log);
  if (refusal) {
    child.fail(refusal.error);
    throw refusal.error;
  }
  void answering.then((outcome) => {
    if ("error" in outcome) return isEnd(outcome.error) ? undefined : child.fail(outcome.error);
    const refusal = refusalOf(outcome, log);
    return refusal ? child.fail(refusal.error) : play(child, log, outcome.plan);
  });
  return child;
}

function refusalOf(
  outcome: { readonly plan: Plan } | { readonly error: unknown },
  log: CallLog,
): { readonly error: unknown } | undefined {
  if ("error" in outcome) return outcome;
  const error = startError(outcome.plan, log.seen.command);
  return error && { error };
}

async function planOf(answer: () => ReturnType<Exclude<Answer, Plan>>): Promise<Plan> {
  const reply = await answer() ?? {};
  const plan = planReply(reply);
  if (plan.times === Infinity) return plan;
  throw invalidOption("times", `belongs to a rule that is no function: let the function count its calls.`);
}

/** Plays a plan to its end. */
async function play(child: FakeChild, log: CallLog, plan: Plan): Promise<void> {
  const { ignores, readsStdin, holdsPipe } = plan;
  if (ignores.size > 0) child.onSignal((signal) => ignores.has(signal) ? "ignores" : "dies");
  if (readsStdin !== false) log.drain();
  for (const step of plan.steps) {
    if (child.ended) return;
    if ("delay" in step) await child.sleep(step.delay);
    else {
      // What is read belongs to the reader.
      const taken = child.write(step.name, new Uint8Array(step.bytes));
      if (!(typeof taken === "boolean" ? taken : await taken)) {
        return child.end({ code: 0, signal: "SIGPIPE" });
      }
    }
  }
  if (child.stdin && !log.used && readsStdin !== false && (readsStdin || await isFed(child, log))) {
    await log.inputOver();
  }
  if (holdsPipe > 0 && !child.ended) child.holdPipes(holdsPipe);
  child.end(plan.exit);
}

/** Turns of the microtask queue that a caller gets to begin writing: more than any way from `start` to a write takes. */
const TURNS_TO_WRITE = 64;

/** Whether anything is written to a child, or its end of input sent, as soon as it runs. */
async function isFed(child: FakeChild, log: CallLog): Promise<boolean> {
  for (let turn = 0; turn < TURNS_TO_WRITE && !log.fed && !child.ended; turn++) await microtasks(1);
  return log.fed;
}

/** An answer as a rule keeps it. */
export function toAnswer(answer: FakeAnswer): Answer {
  return typeof answer === "function" ? checkFunction("answer", answer)! : planReply(answer);
}
