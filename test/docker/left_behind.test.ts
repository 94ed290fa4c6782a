/**
 * Nothing of ours is left on an engine, and nothing of others is touched.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { OWNER_LABEL, thisOwner } from "../../backends/docker/owner.ts";
import { createExecutor } from "../../mod.ts";
import { describeWithEngine, image, openEngine, ownedBy, testBackend } from "../support/docker_engine.ts";
import { hostCommand, root, runHost } from "../support/host.ts";
import { failure } from "../support/outcome.ts";

/** Waits for a state of the engine that comes by itself. */
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const inside = () => createExecutor({ backend: testBackend(), killGrace: 200 });

describeWithEngine("nothing is left behind", () => {
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const each of undo.splice(0)) await each();
  });

  it("after output, a failed start, a timeout, an abort, close and the end of a block", async () => {
    const executor = inside();
    await executor.output(["sh", "-c", "setsid sleep 100 & exit 3"]);
    await failure(executor.output("no-such-command"));
    await failure(executor.output("pwd", { cwd: "/no/such" }));
    await failure(executor.output(["sh", "-c", "trap '' TERM; sleep 100"], { timeout: 2_000 }));
    const controller = new AbortController();
    const aborted = await executor.spawn("sleep 100", { signal: controller.signal });
    controller.abort();
    expect((await failure(aborted.wait())).reason).toBe("canceled");
    // An abort that comes while the container is made.
    const early = new AbortController();
    const starting = failure(executor.output("sleep 100", { signal: early.signal }));
    setTimeout(() => early.abort(), 100);
    expect((await starting).reason).toBe("canceled");
    expect(await (await executor.spawn("sleep 100")).close()).toBe(true);
    expect(await (await executor.spawn("sleep 100")).close(true)).toBe(true);
    {
      await using _ = await executor.spawn("sleep 100");
    }
    await executor.release();
    // What was given up while it started is ended without anybody waiting.
    await until(async () => (await ownedBy(process.pid)).length === 0);
  });

  it("with autoRemove: false until sweep, with its exit code", async () => {
    const backend = testBackend({ autoRemove: false });
    const executor = createExecutor({ backend });
    expect((await executor.output(["sh", "-c", "exit 7"])).exitCode).toBe(7);
    const running = await executor.spawn("sleep 100");
    const engine = await openEngine();
    const states = await Promise.all((await ownedBy(process.pid)).map((id) => engine.inspect(id)));
    expect(states.map(({ State }) => State.Running).sort()).toEqual([false, true]);
    expect(states.map(({ State }) => State.ExitCode)).toContain(7);

    // Neither another process's first start nor its own touches it; what runs is not swept at all.
    await runHost("docker_end", { args: ["release"] });
    expect(await ownedBy(process.pid)).toHaveLength(2);
    expect(await backend.sweep()).toBeGreaterThanOrEqual(1);
    expect(running.state).toBe("running");
    expect(await ownedBy(process.pid)).toHaveLength(1);
    await running.close(true);
    expect(await backend.sweep()).toBeGreaterThanOrEqual(1);
    expect(await ownedBy(process.pid)).toEqual([]);
  });

  const ways = [
    ["return", 0, null],
    ["exit", 3, null],
    ["throw", 1, null],
    ["release", 0, null],
    ["SIGTERM", null, "SIGTERM"],
    ["SIGINT", null, "SIGINT"],
    ["SIGHUP", null, "SIGHUP"],
  ] as const;
  it.each(ways)("when the host ends by %s, and it ends as it would have", async (how, exitCode, signal) => {
    const ended = await runHost("docker_end", { args: [how] });
    expect(ended.report).toMatchObject({ running: 3 });
    expect([ended.exitCode, ended.signal]).toEqual([exitCode, signal]);
    expect(await ownedBy(ended.report["host"] as number)).toEqual([]);
  });

  /** A host that goes on until it is told to stop. */
  async function liveHost(): Promise<{ readonly pid: number; readonly stop: () => Promise<unknown> }> {
    const [file, ...args] = hostCommand("docker_end") as [string, ...string[]];
    const child = spawn(file, [...args, "hang"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const stop = () => {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      child.kill("SIGTERM");
      return once(child, "exit");
    };
    undo.push(stop);
    const [line] = await once(createInterface(child.stdout), "line") as [string];
    return { pid: (JSON.parse(line) as { host: number }).host, stop };
  }

  it("when the host was killed by SIGKILL and another one starts, but what others own stays", async () => {
    const engine = await openEngine();
    const foreign = async (labels: Record<string, string>) => {
      const body = {
        Image: image,
        Entrypoint: ["sleep", "100"],
        Labels: labels,
        HostConfig: { NetworkMode: "none" },
      };
      const id = await engine.create(`test-${crypto.randomUUID()}`, body);
      undo.push(() => engine.remove(id));
      await engine.start(id);
      return id;
    };
    const { host: name, boot } = thisOwner();
    const label = (more: object) => ({
      [OWNER_LABEL]: "someone",
      "polyspawn.host": name,
      "polyspawn.boot": boot,
      "polyspawn.pid": "4194304",
      ...more,
    });
    const others = [
      await foreign({}),
      await foreign({ "com.example.owner": "someone" }),
      await foreign(label({ "polyspawn.host": "another-machine" })),
      await foreign(label({ "polyspawn.boot": "another boot" })),
      await foreign(label({ "polyspawn.boot": "" })),
      await foreign(label({ "polyspawn.pid": "nonsense" })),
    ];
    // A process of this number lives, but began at another time.
    const reused = await foreign(label({ "polyspawn.pid": String(process.pid), "polyspawn.started": "1" }));
    const live = await liveHost();
    const killed = await runHost("docker_end", { args: ["SIGKILL"] });
    expect(killed.signal).toBe("SIGKILL");
    const dead = killed.report["host"] as number;
    expect(await ownedBy(dead)).toHaveLength(3);

    await runHost("docker_end", { args: ["exit"] });
    expect(await ownedBy(dead)).toEqual([]);
    expect(await ownedBy(live.pid)).toHaveLength(3);
    for (const id of others) expect((await engine.inspect(id)).State.Running).toBe(true);
    await expect(engine.inspect(reused)).rejects.toThrow(/No such container/);
  });

  it("when the host was killed by SIGKILL, by sweep", async () => {
    const killed = await runHost("docker_end", { args: ["SIGKILL"] });
    const dead = killed.report["host"] as number;
    expect(await ownedBy(dead)).toHaveLength(3);
    expect(await testBackend().sweep()).toBeGreaterThanOrEqual(3);
    expect(await ownedBy(dead)).toEqual([]);
  });

  it("when several sweep at once, and none of them fails by the others", async () => {
    const killed = await runHost("docker_end", { args: ["SIGKILL"] });
    const backend = testBackend();
    await Promise.all(Array.from({ length: 8 }, () => backend.sweep()));
    await until(async () => (await ownedBy(killed.report["host"] as number)).length === 0);
  });
});
