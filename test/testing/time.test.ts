/**
 * Time that a test lets pass: many processes at a time, every way to let it pass, no race.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Clock, createExecutor, type ExecError, type Executor, run } from "../../mod.ts";
import { type FakeBackend, fakeBackend, type FakeStep, virtualClock } from "../../src/testing/mod.ts";

/** A command: what it writes and when, whether it ignores SIGTERM, and how long it may run. */
interface Plan {
  readonly delays: readonly number[];
  readonly stubborn: boolean;
  readonly timeout: number;
  readonly killGrace: number;
}

// Delays are even and timeouts odd: what happens at the same time would have no order.
const plan: fc.Arbitrary<Plan> = fc.record({
  delays: fc.array(fc.nat(50).map((n) => n * 2), { maxLength: 6 }),
  stubborn: fc.boolean(),
  timeout: fc.nat(120).map((n) => n * 2 + 1),
  killGrace: fc.nat(40).map((n) => n * 2),
});

/** What must come of a plan: what it printed, how it ended, and when. */
function expected({ delays, stubborn, timeout, killGrace }: Plan) {
  const end = stubborn ? timeout + killGrace : timeout;
  let [at, text] = [0, ""];
  for (const [index, delay] of delays.entries()) {
    if ((at += delay) > end) break;
    text += `${index};`;
  }
  const total = delays.reduce((sum, delay) => sum + delay, 0);
  return total < timeout
    ? { text, reason: "exited", at: total }
    : { text, reason: "timed_out", at: Math.min(total, end) };
}

/** Starts a plan; answers what came of it. */
async function perform(
  executor: Executor,
  fake: FakeBackend,
  clock: Pick<Clock, "now">,
  name: string,
  plan: Plan,
) {
  const steps = plan.delays.flatMap((delay, index): FakeStep[] => [{ delay }, { stdout: `${index};` }]);
  fake.on(name, { steps, ignores: plan.stubborn ? ["SIGTERM"] : [] });
  const start = clock.now();
  const { timeout, killGrace } = plan;
  const outcome = await executor.output(name, { timeout, killGrace }).then(
    (output) => ({ text: output.stdoutText(), reason: "exited" }),
    ({ output, reason }: ExecError) => ({ text: output?.stdoutText(), reason }),
  );
  return { ...outcome, at: Math.round(clock.now() - start) };
}

const plansOf = (plan: fc.Arbitrary<Plan>) => fc.array(plan, { minLength: 1, maxLength: 12 });
const plans = plansOf(plan);
// vitest's timers make a timer of 0 ms, set by another timer, one of 1 ms: too late for a timeout that is as near.
const unhurriedPlans = plansOf(
  plan.map(({ delays, ...rest }) => ({ ...rest, delays: delays.filter((delay) => delay > 0) })),
);
const RUNS = { numRuns: 60 };

afterEach(() => void vi.useRealTimers());

describe("any number of commands end as they must, and when they must", () => {
  it("where time passes by itself, one after the other", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plans) => {
        const clock = virtualClock({ auto: true });
        const fake = fakeBackend({ clock });
        const executor = createExecutor({ backend: fake, clock });
        for (const [index, plan] of plans.entries()) {
          expect(await perform(executor, fake, clock, `c${index}`, plan)).toEqual(expected(plan));
        }
        expect(clock.pending).toBe(0);
      }),
      RUNS,
    );
  });

  it("where time passes by itself, all at once", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plans) => {
        const clock = virtualClock({ auto: true });
        const fake = fakeBackend({ clock });
        const executor = createExecutor({ backend: fake, clock });
        const outcomes = plans.map((plan, index) => perform(executor, fake, clock, `c${index}`, plan));
        expect(await Promise.all(outcomes)).toEqual(plans.map(expected));
        expect(clock.pending).toBe(0);
      }),
      RUNS,
    );
  });

  it("where time passes in steps of any length, also while it passes already", async () => {
    await fc.assert(
      fc.asyncProperty(
        plans,
        fc.array(fc.nat(40), { minLength: 1 }),
        fc.boolean(),
        async (plans, steps, together) => {
          const clock = virtualClock();
          const fake = fakeBackend({ clock });
          const executor = createExecutor({ backend: fake, clock });
          const outcomes = Promise.all(
            plans.map((plan, index) => perform(executor, fake, clock, `c${index}`, plan)),
          );
          const advances = [...steps, 1000].map((ms) => () => clock.advance(ms));
          if (together) await Promise.all(advances.map((advance) => advance()));
          else for (const advance of advances) await advance();
          expect(await outcomes).toEqual(plans.map(expected));
          expect([clock.pending, clock.now()]).toEqual([0, steps.reduce((a, b) => a + b, 1000)]);
        },
      ),
      RUNS,
    );
  });

  it("with the fake timers of vitest, and no clock", async () => {
    vi.useFakeTimers();
    await fc.assert(
      fc.asyncProperty(unhurriedPlans, async (plans) => {
        const fake = fakeBackend();
        const executor = createExecutor({ backend: fake });
        const outcomes = Promise.all(
          plans.map((plan, index) => perform(executor, fake, performance, `c${index}`, plan)),
        );
        await vi.advanceTimersByTimeAsync(1000);
        const got = await outcomes;
        expect(got.map(({ at: _, ...rest }) => rest)).toEqual(
          plans.map(expected).map(({ at: _, ...rest }) => rest),
        );
      }),
      RUNS,
    );
  });
});

describe("time that is let pass", () => {
  it("waits for all that was written before, however much that is", async () => {
    const clock = virtualClock();
    const steps: FakeStep[] = Array.from({ length: 20_000 }, () => ({ stdout: "x" }));
    const fake = fakeBackend({ clock }).on("much", { steps: [...steps, { delay: 10 }] });
    let length = 0;
    void createExecutor({ backend: fake, clock }).output("much").then(({ stdout }) => length = stdout.length);
    await clock.advance(9);
    expect(length).toBe(0);
    await clock.advance(1);
    expect(length).toBe(20_000);
  });

  it("passes also while a command writes without end", async () => {
    const clock = virtualClock({ auto: true });
    const fake = fakeBackend({ clock }).on("yes", async (_, process) => {
      for (;;) await process.stdout("y\n");
    });
    const yes = await createExecutor({ backend: fake, clock }).spawn("yes", {
      timeout: 30_000,
      maxBuffer: Infinity,
    });
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of yes.stdoutStream()) bytes += chunk.length;
    })();
    await expect(yes.wait()).rejects.toMatchObject({ reason: "timed_out" });
    await reading;
    expect(bytes).toBeGreaterThan(0);
  });

  it("ends a timeout of an hour at once, in run too", async () => {
    const clock = virtualClock({ auto: true });
    const fake = fakeBackend({ clock }).onShell("sleep", { stdout: "zz", delay: Infinity });
    const executor = createExecutor({ backend: fake, clock });
    const result = await run("sleep", { cwd: ".", executor, timeout: 3_600_000 });
    expect(result).toMatchObject({ ok: false, reason: "timeout", output: "zz" });
    expect(clock.now()).toBe(3_600_000);
  });

  it("is told of a wrong span, and an error of a timer's callback", async () => {
    const clock = virtualClock();
    await expect(clock.advance(-1)).rejects.toMatchObject({ reason: "invalid_option" });
    await expect(clock.advance(Infinity)).rejects.toMatchObject({ reason: "invalid_option" });
    clock.setTimeout(() => {
      throw new Error("from a callback");
    }, 5);
    await expect(clock.advance(5)).rejects.toThrow("from a callback");
    await clock.advance(5);
    expect(clock.now()).toBe(10);
  });

  it("is any replacement of the runtime's timers, too", async () => {
    const { setTimeout, clearTimeout } = globalThis;
    const clock = virtualClock();
    const timers = globalThis as unknown as Record<string, unknown>;
    const now = vi.spyOn(performance, "now").mockImplementation(() => clock.now());
    try {
      timers["setTimeout"] = (callback: () => void, ms: number) => clock.setTimeout(callback, ms);
      timers["clearTimeout"] = (handle: unknown) => clock.clearTimeout(handle);
      const fake = fakeBackend().on("stubborn", { delay: Infinity, ignores: ["SIGTERM"] });
      let reason = "";
      const failed = createExecutor({ backend: fake }).output("stubborn", { timeout: 30_000 })
        .catch((error: ExecError) => reason = error.reason);
      await clock.advance(34_999);
      expect(reason).toBe("");
      await clock.advance(1);
      expect([reason, fake.calls[0]?.signals]).toEqual(["timed_out", ["SIGTERM", "SIGKILL"]]);
      await failed;
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      now.mockRestore();
    }
  });
});
