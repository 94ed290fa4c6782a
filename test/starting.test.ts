/**
 * What is interrupted, closed or broken while it starts: nothing of it is left when the caller is told.
 */
import process from "node:process";
import { describe, expect, it } from "vitest";
import { createExecutor, type ExecEvent } from "../mod.ts";
import type { Child } from "../src/backend.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { scene } from "./support/scene.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";

describe("a timeout that passes while the backend starts the process", () => {
  it("is told once the process is ended", async () => {
    const { executor, backend, clock } = scene();
    const open = backend.hold();
    const output = failure(executor.output("build", { timeout: 1000 }));
    await clock.advance(1000);
    expect(await outcome(() => output)).toBe("(pending)");
    open();
    expect(await output).toMatchObject({ reason: "timed_out" });
    expect([backend.child.kills, clock.pending]).toEqual([["SIGKILL group"], 0]);
  });

  it("is told with what the process had printed by then", async () => {
    const { executor, backend, clock } = scene();
    const open = backend.hold();
    backend.prepare = (child) => child.out.push("so far");
    const output = failure(executor.output("build", { timeout: 1000 }));
    await clock.advance(1000);
    open();
    expect((await output).output?.stdoutText()).toBe("so far");
  });

  it("is told 2 s later when the backend never answers, and what comes after all is killed", async () => {
    const { executor, backend, clock } = scene();
    const open = backend.hold();
    const output = failure(executor.output("build", { timeout: 1000 }));
    await clock.advance(1000 + 2000);
    expect(await output).toMatchObject({ reason: "timed_out" });
    open();
    await settle();
    expect([backend.child.kills, clock.pending]).toEqual([["SIGKILL group"], 0]);
  });

  it("is told, and not why the start failed in the end", async () => {
    const { executor, backend, clock } = scene();
    const open = backend.hold();
    backend.refuse(new Error("no more of it"));
    const output = failure(executor.output("build", { timeout: 1000 }));
    await clock.advance(1000);
    open();
    expect(await output).toMatchObject({ reason: "timed_out" });
    expect(clock.pending).toBe(0);
  });

  it("is told of in events, after which the process is told to have begun and ended", async () => {
    const events: string[] = [];
    const { executor, backend, clock } = scene({ onEvent: ({ type }) => void events.push(type) });
    const open = backend.hold();
    const output = failure(executor.output("build", { timeout: 1000 }));
    await clock.advance(1000);
    open();
    await output;
    expect(events).toEqual(["timeout", "spawn", "killed", "exit"]);
  });
});

it("an abort while the backend starts the process is told once the process is ended", async () => {
  const { executor, backend } = scene();
  const open = backend.hold();
  const controller = new AbortController();
  const started = failure(executor.spawn("server", { signal: controller.signal }));
  await settle();
  controller.abort();
  expect(await outcome(() => started)).toBe("(pending)");
  open();
  expect(await started).toMatchObject({ reason: "canceled" });
  expect(backend.child.kills).toEqual(["SIGKILL group"]);
});

it.each(["output", "spawn"] as const)(
  "an abort by who hears of the start before %s does ends the command, and the call",
  async (method) => {
    const controller = new AbortController();
    const events: ExecEvent[] = [];
    const executor = createExecutor({
      onEvent: (event) => {
        events.push(event);
        if (event.type === "spawn") controller.abort();
      },
    });
    const error = await failure(executor[method]("sleep 60", { signal: controller.signal }));
    expect(error).toMatchObject({ kind: "CANCELED", reason: "canceled" });
    expect(events.map(({ type }) => type)).toEqual(["spawn", "canceled", "killed", "exit"]);
    expect(() => process.kill(events[0]!.pid!, 0)).toThrow("ESRCH");
  },
);

it("a name that is too long for a path is not found, and not repeated in full", async () => {
  const error = await failure(createExecutor().output(["n".repeat(200_000)]));
  expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "command_not_found" });
  expect(error.message.length).toBeLessThan(500);
});

describe("a child that the core can't take on", () => {
  /** A child of the scripted backend, changed. */
  function changed(how: (child: Child) => object): ScriptedBackend {
    const backend = new ScriptedBackend();
    const spawn = backend.spawn.bind(backend);
    backend.spawn = async (request) => {
      const child = await spawn(request);
      return Object.create(child, Object.getOwnPropertyDescriptors(how(child))) as Child;
    };
    return backend;
  }

  /** What the core needs to end a child. */
  const endable = (child: Child) => ({
    exit: child.exit,
    kill: child.kill.bind(child),
    groupGone: child.groupGone.bind(child),
  });
  const withoutPipes = (child: Child) => ({
    ...endable(child),
    stdin: undefined,
    stdout: undefined,
    stderr: undefined,
  });

  it.each<[name: string, how: (child: Child) => object]>([
    ["whose stdout throws when it is looked at", (child) => ({
      ...endable(child),
      get stdout() {
        throw new Error("no stdout here");
      },
    })],
    ["whose number throws when it is looked at", (child) => ({
      ...withoutPipes(child),
      get pid() {
        throw new Error("no number here");
      },
    })],
    ["whose unref throws", (child) => ({
      ...withoutPipes(child),
      unref: () => {
        throw new Error("no unref here");
      },
    })],
  ])("%s is ended before the start rejects, and is not counted as live", async (_, how) => {
    const { executor, backend, clock } = scene({}, changed(how));
    const process = await executor.exec("server");
    process.unref();
    expect(await failure(process.start())).toMatchObject({ reason: "internal" });
    expect([backend.child.kills, process.state, clock.pending]).toEqual([["SIGKILL group"], "closed", 0]);
    await executor.release();
  });

  it("which has no exit is killed, and the start rejects all the same", async () => {
    const { executor, backend, clock } = scene(
      {},
      changed((child) => ({ exit: undefined, kill: child.kill.bind(child) })),
    );
    const started = failure(executor.spawn("server"));
    await clock.advance(2000);
    expect(await started).toMatchObject({ reason: "internal" });
    expect([backend.child.kills, clock.pending]).toEqual([["SIGKILL group"], 0]);
    await executor.release();
  });
});
