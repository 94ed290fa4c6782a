/**
 * Where listeners and policies are called from: the async context of the call, by which tracers find the active span.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, it } from "vitest";
import { createExecutor, createRegistry } from "../mod.ts";

const active = new AsyncLocalStorage<string>();

it.each([false, true])(
  "spawn and denied are told in the context of the call that caused them, mergeStderr: %s",
  async (mergeStderr) => {
    const seen: string[] = [];
    const executor = createExecutor({
      onEvent: ({ type }) => type !== "exit" && seen.push(`${type} in ${active.getStore()}`),
      policy: ({ argv }) => Boolean(seen.push(`asked in ${active.getStore()}`)) && argv?.[0] === "echo",
    });
    const calls = ["one", "two"].map((name) =>
      active.run(name, () => executor.output(["echo", name], { mergeStderr }))
    );
    await Promise.all(calls);
    await active.run("three", () => executor.exec("rm x").catch(() => {}));
    expect(seen.sort()).toEqual([
      "asked in one",
      "asked in three",
      "asked in two",
      "denied in three",
      "spawn in one",
      "spawn in two",
    ]);
  },
);

it("also through an executor of a registry that was asked for elsewhere", async () => {
  const seen: unknown[] = [];
  const registry = createRegistry({ onEvent: ({ type }) => void seen.push([type, active.getStore()]) });
  registry.define("app:exec", { kind: "exec.native" });
  const executor = await active.run("setup", () => registry.get("app:exec"));
  await active.run("request", () => executor.output("true"));
  expect(seen[0]).toEqual(["spawn", "request"]);
  await registry.close();
});
