/** Backends without process groups that can end a process with its descendants, as on Windows; and their shells. */
import { describe, expect, it } from "vitest";
import { createExecutor, run } from "../mod.ts";
import { runningScene, scene } from "./support/scene.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { scripted } from "./support/scripted_run.ts";

const trees = () => scene({}, new ScriptedBackend({ processGroups: false, processTrees: true }));

describe("without process groups, but with trees", () => {
  it("close ends the descendants too, and is over with the process itself", async () => {
    const { process, child, backend } = await runningScene({}, trees());
    expect(backend.requests[0]!.group).toBe(false);
    expect(await process.close()).toBe(true);
    expect([child.kills, await process.wait()]).toEqual([["SIGTERM group"], 143]);
  });

  it("signal() goes to the process alone", async () => {
    const { process, child } = await runningScene({}, trees());
    await process.signal("SIGTERM");
    expect(child.kills).toEqual(["SIGTERM process"]);
  });

  it("the process itself is ended where its tree can't be", async () => {
    const { process, child } = await runningScene({}, trees());
    const kill = child.kill.bind(child);
    child.kill = (signal, target) => {
      if (target === "group") throw new Error("taskkill is refused");
      return kill(signal, target);
    };
    expect(await process.close()).toBe(true);
    expect(child.kills).toEqual(["SIGTERM process"]);
  });

  it("what a process left behind at its exit is not looked for", async () => {
    const { process, child } = await runningScene({}, trees());
    child.exitWith(0);
    await process.wait();
    expect(await process.close()).toBe(true);
    expect(child.kills).toEqual([]);
  });
});

describe("a shell", () => {
  it("gets the text that its backend makes of the command line", async () => {
    const { backend } = scripted();
    const shellText = ([executable]: readonly [string, readonly string[]], text: string) =>
      `${text} # ${executable}`;
    const executor = createExecutor({ backend: Object.assign(backend, { shellText }) });
    expect((await run("npm test", { cwd: ".", executor, shell: ["pwsh", ["-Command"]] })).ok).toBe(true);
    expect(backend.requests[0]!.argv).toEqual(["pwsh", "-Command", "npm test # pwsh"]);
  });
});
