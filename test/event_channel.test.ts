/**
 * The channel of `node:diagnostics_channel` that carries every event, for whoever watches a program from beside it.
 */
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, createRegistry, type ExecEvent, registerKind } from "../mod.ts";
import { failure } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";

const isDeno = "Deno" in globalThis;

/** Kept, because Bun forgets a channel with its subscribers when nobody holds it (Bun 1.4.5). */
const kept = channel("polyspawn");

/** What is published until the running test is over. */
function published(): ExecEvent[] {
  const events: ExecEvent[] = [];
  const listen = (message: unknown, name: string | symbol) => {
    expect(name).toBe("polyspawn");
    events.push(message as ExecEvent);
  };
  subscribe("polyspawn", listen);
  onTestFinished(() => void unsubscribe("polyspawn", listen));
  return events;
}

/** A backend whose children exit at once. */
function quickBackend(): ScriptedBackend {
  const backend = new ScriptedBackend();
  backend.prepare = (child) => child.exitWith(0);
  return backend;
}

describe.skipIf(isDeno)("the channel named polyspawn", () => {
  it("carries the events of executors that nobody listens to", async () => {
    const events = published();
    const executor = createExecutor({ policy: ({ argv }) => argv?.[0] !== "rm" });
    await executor.output(["echo", "hello"]);
    await failure(executor.exec("rm x"));
    await failure(executor.output("sleep 60", { timeout: 10, killGrace: 60_000 }));
    await executor.release();
    const types = events.map(({ type }) => type);
    expect(types).toEqual(["spawn", "exit", "denied", "spawn", "timeout", "exit"]);
    expect(kept.hasSubscribers).toBe(true);
    expect(events[0]).toMatchObject({
      argv: ["echo", "hello"],
      pid: expect.any(Number),
      processId: expect.any(String),
    });
    expect(events.every((event) => Object.isFrozen(event))).toBe(true);
  });

  it("carries each event once, the same that listeners get, also when a kind listens too", async () => {
    const heard: ExecEvent[] = [];
    const onEvent = (event: ExecEvent) => void heard.push(event);
    const backend = quickBackend();
    registerKind("test.listening", { parse: () => ({}), create: () => ({ backend, onEvent: () => {} }) });
    const registry = createRegistry({ onEvent, policy: ({ resource }) => resource !== "no:body" });
    registry.load({ "app:exec": { kind: "test.listening" }, "no:body": { kind: "exec.native" } });
    const events = published();
    await (await registry.get("app:exec")).output("tool");
    await failure(registry.get("no:body"));
    expect(events.map(({ type }) => type)).toEqual(["spawn", "exit", "denied"]);
    expect(events.every((event, index) => event === heard[index])).toBe(true);
  });

  it("is silent when its listeners have gone, and heard again when there are new ones", async () => {
    const executor = createExecutor({ backend: quickBackend() });
    const early: unknown[] = [];
    const listen = (message: unknown) => void early.push(message);
    subscribe("polyspawn", listen);
    await executor.output("one");
    unsubscribe("polyspawn", listen);
    await executor.output("two");
    const events = published();
    await executor.output("three");
    expect([early.length, events.length]).toEqual([2, 2]);
    expect(events[0]?.argv).toEqual(["three"]);
  });

  it("tells processes apart by their ids, across executors", async () => {
    const events = published();
    for (let i = 0; i < 3; i++) await createExecutor({ backend: quickBackend() }).output("tool");
    expect(new Set(events.map(({ processId }) => processId)).size).toBe(3);
  });
});

it.runIf(isDeno)(
  "Deno has no such channel, because to load it would take longer than to run a command",
  async () => {
    const events = published();
    await createExecutor({ backend: quickBackend() }).output("tool");
    expect(events).toEqual([]);
  },
);
