/**
 * Native executors from definitions: a clean environment with only what is configured, and where executables are
 * looked up. Real commands throughout.
 */
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, createRegistry, createRunner, type Executor, type NativeConfig } from "../mod.ts";
import { plantEnv } from "./support/host_env.ts";
import { expectNoneLeft } from "./support/pids.ts";
import { failure } from "./support/outcome.ts";
import { temporaryDirectory } from "./support/temporary.ts";

/** An executor from a definition. */
async function native(config: NativeConfig = {}): Promise<Executor> {
  const registry = createRegistry();
  onTestFinished(() => registry.close());
  registry.define("app:exec", { kind: "exec.native", ...config });
  return await registry.get("app:exec");
}

/** A directory with a command that says which one it is, and then its environment. */
function commandIn(directory: string, name: string, says: string): string {
  const path = join(directory, name);
  // `command -p` finds env although there is no PATH.
  writeFileSync(path, `#!/bin/sh\necho ${says}\ncommand -p env\n`);
  chmodSync(path, 0o755);
  return directory;
}

const merges = [{ mergeStderr: false }, { mergeStderr: true }];

describe("the environment of a native executor", () => {
  it.each(merges)("is empty when nothing is configured: %j", async (options) => {
    plantEnv({ PLANTED: "seen", NODE_OPTIONS: "--no-warnings" });
    expect((await (await native()).output("env", options)).stdoutText()).toBe("");
    expect((await createExecutor().output("env", options)).stdoutText()).toContain("PLANTED=seen\n");
  });

  it.each(merges)("holds exactly what is configured, and what a call adds: %j", async (options) => {
    plantEnv({ PLANTED: "seen", LANG: "C" });
    const executor = await native({ defaultEnv: { LANG: "C.UTF-8", EMPTY: "", ODD: "a=b 'c'\n$(id)" } });
    // The order is the runtime's.
    const lines = async (more: object) =>
      (await executor.output("env", { ...options, ...more })).stdoutText().trim().split("\n").sort();
    expect(await lines({})).toEqual(["$(id)", "EMPTY=", "LANG=C.UTF-8", "ODD=a=b 'c'"]);
    expect(await lines({ env: { LANG: undefined, ODD: "x", CALL: "1" } })).toEqual([
      "CALL=1",
      "EMPTY=",
      "ODD=x",
    ]);
  });

  it.skipIf(process.platform !== "linux")("has no LD_PRELOAD of the host's", async () => {
    plantEnv({ LD_PRELOAD: "/no/such/planted.so" });
    const control = await createExecutor().output("true");
    expect(control.stderrText()).toContain("planted.so");
    const { stderrText } = await (await native()).output("true");
    expect(stderrText()).toBe("");
  });

  it("is the host's only for a call that asks for it", async () => {
    plantEnv({ PLANTED: "seen" });
    const executor = await native({ defaultEnv: { OWN: "1" } });
    const text = (await executor.output("env", { inheritEnv: true })).stdoutText();
    expect(text).toContain("PLANTED=seen\n");
    expect(text).toContain("OWN=1\n");
    expect((await executor.output("env")).stdoutText()).toBe("OWN=1\n");
  });

  it("is as clean for what the runner runs", async () => {
    plantEnv({ PLANTED: "seen" });
    const runner = createRunner({ cwd: "/", executor: await native({ defaultEnv: { OWN: "1" } }) });
    const { output } = await runner.run("command -p env", { env: { CALL: "2" } });
    expect(output).toContain("OWN=1\n");
    expect(output).toContain("CALL=2\n");
    expect(output).not.toContain("PLANTED");
  });
});

describe("an executable", () => {
  it.each(merges)(
    "is found by the host's PATH where none is configured, and the child gets none: %j",
    async (options) => {
      const directory = commandIn(temporaryDirectory(), "polyspawn-test-tool", "host");
      plantEnv({ PATH: `/no/such/directory${delimiter}${directory}${delimiter}${process.env["PATH"]}` });
      const text = (await (await native()).output("polyspawn-test-tool", options)).stdoutText();
      expect(text).toMatch(/^host\n/);
      expect(text).not.toMatch(/^PATH=/m);
    },
  );

  it("that the host's PATH does not have is missing, wherever else it may be", async () => {
    const executor = await native();
    plantEnv({ PATH: temporaryDirectory() });
    const error = await failure(executor.output("env"));
    expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "command_not_found" });
    expect(error.message).toContain(`Command "env" was not found`);
  });

  it("is found by a configured PATH and no other", async () => {
    const [hosts, own] = [temporaryDirectory(), temporaryDirectory()];
    commandIn(hosts, "polyspawn-test-tool", "host");
    commandIn(hosts, "polyspawn-test-other", "host");
    commandIn(own, "polyspawn-test-tool", "own");
    plantEnv({ PATH: `${hosts}${delimiter}${process.env["PATH"]}` });
    const executor = await native({ defaultEnv: { PATH: own } });
    const text = (await executor.output("polyspawn-test-tool")).stdoutText();
    expect(text).toMatch(/^own\n/);
    expect(text).toContain(`PATH=${own}\n`);
    for (const command of ["polyspawn-test-other", "env"]) {
      expect(await failure(executor.output(command))).toMatchObject({ reason: "command_not_found" });
    }
  });

  it("is found by the PATH of a call, where there is no whitelist", async () => {
    const directory = commandIn(temporaryDirectory(), "polyspawn-test-tool", "call");
    const executor = await native();
    const { stdoutText } = await executor.output("polyspawn-test-tool", { env: { PATH: directory } });
    expect(stdoutText()).toMatch(/^call\n/);
    expect(await failure(executor.output("polyspawn-test-tool"))).toMatchObject({
      reason: "command_not_found",
    });
  });

  it.each(merges)("sees itself called by the name it was asked for by: %j", async (options) => {
    const { stdoutText } = await (await native()).output(["sh", "-c", 'echo "$0"'], options);
    // Deno looks it up itself, and takes no name beside the path it has found.
    expect(stdoutText()).toMatch("Deno" in globalThis ? /(^|\/)sh\n$/ : /^sh\n$/);
  });

  it("with a path is started from it, a relative one from the working directory", async () => {
    const directory = commandIn(temporaryDirectory(), "tool", "relative");
    plantEnv({ PATH: "/no/such/directory" });
    const executor = await native({ defaultWorkDir: directory });
    expect((await executor.output("./tool")).stdoutText()).toMatch(/^relative\n/);
    expect((await executor.output(join(directory, "tool"))).stdoutText()).toMatch(/^relative\n/);
    expect(await failure(executor.output("./tool", { cwd: "/" }))).toMatchObject({
      reason: "command_not_found",
    });
  });

  it(
    "is not found in a call's working directory by a relative directory of the host's PATH",
    async () => {
      const directory = commandIn(temporaryDirectory(), "polyspawn-test-tool", "planted");
      plantEnv({ PATH: `.${delimiter}${delimiter}${process.env["PATH"]}` });
      const error = await failure((await native()).output("polyspawn-test-tool", { cwd: directory }));
      expect(error).toMatchObject({ reason: "command_not_found" });
    },
  );
});

describe("the rest of a native definition", () => {
  it("is its working directory, which a call may replace", async () => {
    const [own, other] = [temporaryDirectory(), temporaryDirectory()];
    const executor = await native({ defaultWorkDir: own });
    expect((await executor.output("pwd")).stdoutText()).toBe(`${own}\n`);
    expect((await executor.output("pwd", { cwd: other })).stdoutText()).toBe(`${other}\n`);
    const missing = await native({ defaultWorkDir: join(own, "missing") });
    expect(await failure(missing.output("pwd"))).toMatchObject({ reason: "cwd_not_found" });
  });

  it("ends with the registry, and so does what its processes started", async () => {
    const registry = createRegistry();
    registry.define("app:exec", { kind: "exec.native" });
    const script = `echo "pid $$"; sleep 60 & echo "pid $!"; wait`;
    const processes = [];
    for (let i = 0; i < 2; i++) {
      const child = await (await registry.get("app:exec")).spawn(["sh", "-c", script]);
      processes.push(child);
    }
    const printed = await Promise.all(processes.map(async (child) => {
      const lines: string[] = [];
      for await (const line of child.stdoutStream().lines({ preventCancel: true })) {
        lines.push(line);
        if (lines.length === 2) break;
      }
      return lines.join("\n");
    }));
    registry.remove("app:exec");
    await registry.close();
    expectNoneLeft(printed.join("\n"), 4);
    expect(processes.map(({ state }) => state)).toEqual(["closed", "closed"]);
  });
});
