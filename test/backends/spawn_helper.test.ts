/**
 * The helper that starts commands for a Node host: what it must not leak, whom it answers, and what its end costs.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeBackend } from "../../backends/node.ts";
import { createExecutor, type Executor } from "../../mod.ts";
import { runtime } from "../support/host.ts";
import { isInstalled } from "../support/installed.ts";
import { isRunning } from "../support/liveness.ts";
import { until } from "../support/within.ts";

/** The running helpers of this process. */
function helpers(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ");
      return !"ZX".includes(stat[0]!) && Number(stat[1]) === process.pid &&
        readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("polyspawn-helper");
    } catch {
      return false;
    }
  });
}

const parentOf = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ")[1]);
const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const reason = (promise: Promise<unknown>) => promise.then(() => "none", (error) => error.reason as string);

// Elsewhere there is none; /proc shows what is asked here.
describe.skipIf(runtime !== "node" || process.platform !== "linux")("a spawning helper", () => {
  const kept = process.env["TMPDIR"];
  let place: string;
  let executor: Executor;
  beforeAll(() => {
    place = mkdtempSync("/tmp/helper-");
    process.env["TMPDIR"] = place;
    executor = createExecutor({ backend: nodeBackend({ spawnHelper: true }) });
  });
  afterAll(() => {
    if (kept === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = kept;
    rmSync(place, { recursive: true, force: true });
  });

  /** The helper, which is one. */
  async function theHelper(): Promise<number> {
    await executor.output("true");
    // One that is ended has to end first.
    await until(() => helpers().length === 1);
    return helpers()[0]!;
  }

  const socket = () => join(place, readdirSync(place)[0]!, "s");
  const text = async (argv: string | string[], options = {}) =>
    (await executor.output(argv, options)).stdoutText();

  it("starts the commands, and is one for all backends", async () => {
    const helper = await theHelper();
    const other = createExecutor({ backend: nodeBackend({ spawnHelper: true }) });
    for (const each of [executor, other]) {
      const child = await each.spawn(["sleep", "600"]);
      expect(parentOf(child.pid!)).toBe(helper);
      await child.close(true);
    }
    expect(helpers()).toEqual([helper]);
  });

  it("leaves commands to the host that share its descriptors or its group", async () => {
    await theHelper();
    const request = {
      argv: ["sleep", "600"],
      env: {},
      inheritEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      mergeStderr: false,
      group: true,
    } as const;
    for (const more of [{ stdin: "inherit" }, { stderr: "inherit" }, { group: false }] as const) {
      const child = await nodeBackend({ spawnHelper: true }).spawn({ ...request, ...more });
      expect(parentOf(child.pid!)).toBe(process.pid);
      process.kill(child.pid!, "SIGKILL");
      expect(await child.exit).toMatchObject({ signal: "SIGKILL" });
    }
  });

  it("gives a command its three descriptors and no other", async () => {
    await theHelper();
    const plain = (await createExecutor().output("ls /proc/self/fd")).stdoutText();
    expect(await text("ls /proc/self/fd")).toBe(plain);
    expect(await text("ls /proc/self/fd", { mergeStderr: true })).toBe(plain);
  });

  it("takes the working directory, the environment and the umask from the host as they are then", async () => {
    await theHelper();
    const [directory, umask] = [process.cwd(), process.umask(0o027)];
    process.env["NODE_OPTIONS"] = "--no-warnings";
    process.chdir(place);
    try {
      expect(await text(["sh", "-c", "pwd; umask; echo $NODE_OPTIONS"])).toBe(
        `${place}\n0027\n--no-warnings\n`,
      );
      expect(await text("pwd", { cwd: ".." })).toBe("/tmp\n");
      const odd = { ...JSON.parse('{"__proto__": "kept"}'), LINES: "a\nb", UMLAUT: "ü\u2028." };
      const all = await text("env", { env: odd, inheritEnv: false, cwd: "/usr/bin" });
      expect(all.trim().split("\n").sort()).toEqual(["LINES=a", "UMLAUT=ü\u2028.", "__proto__=kept", "b"]);
    } finally {
      process.chdir(directory);
      process.umask(umask);
      delete process.env["NODE_OPTIONS"];
    }
  });

  it("has nothing of the options of the host's Node, and a session of its own", async () => {
    const helper = await theHelper();
    expect(readFileSync(`/proc/${helper}/environ`, "latin1")).not.toMatch(/(^|\0)NODE_/);
    expect(readFileSync(`/proc/${helper}/stat`, "latin1").replace(/.*\) /s, "").split(" ")[3]).toBe(
      String(helper),
    );
  });

  it("starts 200 commands at once, each with its own streams", async () => {
    await theHelper();
    const words = Array.from({ length: 200 }, (_, i) => `word ${i}`);
    const script = ["sh", "-c", 'cat; echo "$0" >&2'];
    const outputs = await Promise.all(
      words.map((word) => executor.output([...script, word], { input: word })),
    );
    expect(outputs.map(({ stdoutText, stderrText }) => stdoutText() + stderrText())).toEqual(
      words.map((word) => `${word}${word}\n`),
    );
  });

  it("holds nothing of 1,000 commands in a row", async () => {
    const helper = await theHelper();
    const before = [descriptors(process.pid), descriptors(helper)];
    for (let i = 0; i < 1_000; i++) await executor.output("true", { mergeStderr: i % 2 === 0 });
    await until(() => descriptors(process.pid) <= before[0]! && descriptors(helper) <= before[1]!);
  });

  it("has its socket where only this user can reach it, and answers nobody without its token", async () => {
    const helper = await theHelper();
    for (const words of ["", "hello\n", `${"0".repeat(32)} 1 1\n`, "x".repeat(10_000)]) {
      const stranger = connect(socket());
      const got: Uint8Array[] = [];
      stranger.on("data", (chunk) => got.push(chunk)).on("error", () => {});
      if (words === "") stranger.end();
      else stranger.write(words);
      await new Promise((resolve) => stranger.once("close", resolve));
      expect(got).toEqual([]);
    }
    expect(await text("echo on")).toBe("on\n");
    expect(helpers()).toEqual([helper]);
  });

  it("is told by a stranger that says nothing and holds its connection nothing but that", async () => {
    await theHelper();
    const strangers = Array.from({ length: 100 }, () => connect(socket()).on("error", () => {}));
    await Promise.all(strangers.map((each) => new Promise((resolve) => each.once("connect", resolve))));
    expect(await text("echo on")).toBe("on\n");
    for (const stranger of strangers) stranger.destroy();
  });

  it.skipIf(!isInstalled("prlimit"))(
    "that has no descriptor left says so, and goes on when it has",
    async () => {
      const helper = await theHelper();
      const limit = (count: number | string) =>
        createExecutor().output(["prlimit", `--pid=${helper}`, `--nofile=${count}:`]);
      const was = readFileSync(`/proc/${helper}/limits`, "utf8").match(/open files\s+(\d+)/)![1]!;
      await limit(descriptors(helper));
      expect(await reason(executor.output("true"))).toBe("resource_exhausted");
      await limit(was);
      expect(await text("echo on")).toBe("on\n");
    },
  );

  it("that is killed leaves commands and their streams running, and their exit unknown", async () => {
    const helper = await theHelper();
    const child = await executor.spawn(["sh", "-c", "read word; echo got $word; exit 7"]);
    const sleeper = await executor.spawn(["sleep", "600"]);
    process.kill(helper, "SIGKILL");
    await until(() => !isRunning(helper));
    expect(isRunning(child.pid!)).toBe(true);
    // Listened to at once: it may reject before the stream has ended.
    const waited = expect(child.wait()).rejects.toMatchObject({
      reason: "backend_unavailable",
      message: expect.stringContaining("is unknown"),
    });
    await child.writeStdin("it\n");
    expect(await child.stdoutStream().text()).toBe("got it\n");
    await waited;
    expect(isRunning(child.pid!)).toBe(false);
    expect(await sleeper.close(true)).toBe(true);
    expect(isRunning(sleeper.pid!)).toBe(false);
    expect(await theHelper()).not.toBe(helper);
    expect(readdirSync(place)).toHaveLength(1);
  });

  it("that is killed before it answers gives an error that says to try again", async () => {
    const helper = await theHelper();
    process.kill(helper, "SIGSTOP");
    const pending = Promise.all(Array.from({ length: 40 }, () => reason(executor.output("true"))));
    // Some have been asked for by then; the others wait for their turn, and come to no harm.
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(helper, "SIGKILL");
    expect(new Set(await pending)).toEqual(new Set(["backend_unavailable", "none"]));
    expect(await theHelper()).not.toBe(helper);
  });

  it("that was stopped is given up, replaced, and starts nothing any more", async () => {
    const helper = await theHelper();
    process.kill(helper, "SIGSTOP");
    const file = join(place, "late");
    const refused = executor.output(["touch", file]);
    await expect(refused).rejects.toMatchObject({ reason: "backend_unavailable", retryable: true });
    await until(() => !isRunning(helper));
    expect(await theHelper()).not.toBe(helper);
    expect(existsSync(file)).toBe(false);
  }, 30_000);

  it("goes some seconds after the last command, with its socket, and comes again", async () => {
    const helper = await theHelper();
    const child = await executor.spawn(["sleep", "7"]);
    await child.wait();
    expect(helpers()).toEqual([helper]);
    await until(() => helpers().length === 0);
    expect(readdirSync(place)).toEqual([]);
    expect(await text("echo again")).toBe("again\n");
  }, 40_000);

  it("that is killed in the middle of a start does not leave what it started", async () => {
    const { killUnknown } = await import("../../backends/spawn_helper/unknown_children.ts");
    const program =
      "const { spawn } = require('child_process'); const start = () => spawn('sleep', ['600'], " +
      "{ detached: true, stdio: 'ignore' }).pid; console.log(start() + ' ' + start()); setInterval(() => {}, 1000)";
    const parent = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
    const line = await new Promise((resolve) => parent.stdout!.once("data", resolve));
    const [known, unknown] = String(line).split(" ").map(Number) as [number, number];
    killUnknown(parent.pid!, new Set([known]));
    await until(() => !isRunning(unknown));
    expect(isRunning(known)).toBe(true);
    process.kill(known, "SIGKILL");
    parent.kill("SIGKILL");
  });
});

describe.skipIf(runtime !== "node")("where no helper can run", () => {
  const kinds: [what: string, name: "versions" | "permission" | "pkg", value: unknown, why: string][] = [
    ["Electron", "versions", { ...process.versions, electron: "1" }, "Electron"],
    ["Bun", "versions", { ...process.versions, bun: "1" }, "only Node"],
    ["a single executable", "pkg", {}, "single executable"],
    ["a process that may start none", "permission", { has: () => false }, "permissions"],
  ];
  it.each(kinds)("is told in %s", async (_, name, value, why) => {
    const { whyUnsuited } = await import("../../backends/spawn_helper/unsuited.ts");
    expect(await whyUnsuited()).toBe(undefined);
    const was = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, { value, configurable: true });
    try {
      expect(await whyUnsuited()).toContain(why);
    } finally {
      if (was) Object.defineProperty(process, name, was);
      else delete (process as unknown as Record<string, unknown>)[name];
    }
  });
});
