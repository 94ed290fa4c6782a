/**
 * Whatever is done to a process, in whatever order: nothing hangs, nothing is lost, nothing is left.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { isExecError, type ProcessOptions } from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { scene } from "./support/scene.ts";
import type { ScriptedBackend, ScriptedChild } from "./support/scripted_backend.ts";
import { SpyingController } from "./support/spying_signal.ts";

/** What the user of a process does, what its child does, and time. */
const STEPS = [
  "start",
  "wait",
  "read",
  "read 3 bytes",
  "read all of stderr",
  "write",
  "end the input",
  "signal",
  "unref",
  "close",
  "close by force",
  "close stdout",
  "abort",
  "release",
  "the child prints",
  "the child prints errors",
  "the child takes no input",
  "the child exits",
  "the child exits, a descendant holds the pipes",
  "the child is lost",
  "a turn passes",
  "50 ms pass",
  "1 s passes",
] as const;
type Step = typeof STEPS[number];

interface Setting {
  readonly options: ProcessOptions;
  /** Whether the child ignores SIGTERM. */
  readonly stubborn: boolean;
  /** Whether the backend takes its time for every answer. */
  readonly slow: boolean;
  readonly steps: readonly Step[];
}

/** Calls that were made and have not come back, or have come back with anything but an ExecError. */
class Calls {
  readonly #open = new Map<number, string>();
  #count = 0;

  make(name: string, action: () => unknown): void {
    const id = ++this.#count;
    const settled = () => void this.#open.delete(id);
    const failed = (error: unknown) =>
      isExecError(error) ? settled() : this.#open.set(id, `${name}: ${error}`);
    this.#open.set(id, name);
    try {
      Promise.resolve(action()).then(settled, failed);
    } catch (error) {
      failed(error);
    }
  }

  get open(): string[] {
    return [...this.#open.values()];
  }
}

/** Makes the backend's children as the setting says; the answer collects signals to a group that was seen empty. */
function prepare(backend: ScriptedBackend, { stubborn, slow }: Setting): string[] {
  const late: string[] = [];
  let seenGone = false;
  backend.prepare = (child) => {
    const isGone = child.isGone as () => boolean;
    child.isGone = () => slow ? settle().then(() => seenGone ||= isGone()) : seenGone ||= isGone();
    child.onKill = async (signal, target) => {
      if (seenGone && target === "group") late.push(signal);
      if (slow) await settle();
      if (signal === "SIGKILL" || !stubborn) child.dieOf(signal);
    };
  };
  return late;
}

async function play(setting: Setting): Promise<void> {
  const { executor, backend, clock } = scene({ killGrace: 1000 });
  const late = prepare(backend, setting);
  const open = setting.slow ? backend.hold() : () => {};
  const controller = new SpyingController();
  const calls = new Calls();
  const process = await executor.exec("server", { signal: controller.signal, ...setting.options });
  const stdout = process.stdoutStream();
  const child = (act: (child: ScriptedChild) => unknown) => backend.children.forEach(act);
  let [written, got, reading] = ["", "", false];
  const read = (size?: number) => {
    if (reading) return;
    reading = true;
    const take = (chunk: Uint8Array | null) => void (got += new TextDecoder().decode(chunk ?? undefined));
    calls.make("read", () => stdout.read(size).then(take).finally(() => reading = false));
  };
  const print = ({ out }: ScriptedChild) => {
    if (out.ended || out.closed) return;
    out.push("output ");
    written += "output ";
  };
  const perform: Record<Step, () => unknown> = {
    "start": () => calls.make("start", () => process.start()),
    "wait": () => calls.make("wait", () => process.wait()),
    "read": () => read(),
    "read 3 bytes": () => read(3),
    "read all of stderr": () => calls.make("text", () => process.stderrStream().text()),
    "write": () => calls.make("writeStdin", () => process.writeStdin("input")),
    "end the input": () => calls.make("closeStdin", () => process.closeStdin()),
    "signal": () => calls.make("signal", () => process.signal("SIGINT")),
    "unref": () => calls.make("unref", () => process.unref()),
    "close": () => calls.make("close", () => process.close()),
    "close by force": () => calls.make("close(true)", () => process.close(true)),
    "close stdout": () => calls.make("close of stdout", () => stdout.close()),
    "abort": () => controller.abort(),
    "release": () => calls.make("release", () => executor.release()),
    "the child prints": () => child(print),
    "the child prints errors": () => child(({ err }) => err.ended || err.push("error ")),
    "the child takes no input": () => child(({ stdin }) => stdin!.stall()),
    "the child exits": () => child((child) => child.exitWith(0)),
    "the child exits, a descendant holds the pipes": () => child((child) => child.exitHoldingPipes(0)),
    "the child is lost": () => child((child) => child.lose(new Error("engine gone"))),
    "a turn passes": () => settle(),
    "50 ms pass": () => clock.advance(50),
    "1 s passes": () => clock.advance(1000),
  };
  for (const step of setting.steps) await perform[step]();

  // In the end whatever still runs dies, and time passes: then all that was asked for must have come back.
  open();
  await settle();
  if (backend.children.length === 0) await perform.close();
  child((child) => child.dieOf("SIGKILL"));
  await clock.advance(10_000);
  for (let before = -1; before !== got.length && calls.open.length === 0;) {
    before = got.length;
    read();
    await settle();
  }
  expect({ open: calls.open, late, timers: clock.pending, listeners: controller.listeners }).toEqual({
    open: [],
    late: [],
    timers: 0,
    listeners: 0,
  });
  expect(written.slice(0, got.length)).toBe(got);
  if (stdout.complete && !setting.steps.includes("close stdout")) expect(got).toBe(written);
}

it("any sequence of steps comes to its end", async () => {
  const limits = { timeout: fc.constant(500), maxBuffer: fc.constant(20), drainMax: fc.constant(Infinity) };
  const setting: fc.Arbitrary<Setting> = fc.record({
    options: fc.record(limits, { requiredKeys: [] }),
    stubborn: fc.boolean(),
    slow: fc.boolean(),
    steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 14 }).map((
      steps,
    ) => ["start" as const, ...steps]),
  });
  const plain = { options: {}, stubborn: false, slow: false };
  await fc.assert(fc.asyncProperty(setting, play), {
    numRuns: 1000,
    examples: [[{ ...plain, steps: ["start", "the child exits", "abort"] }]],
  });
});
