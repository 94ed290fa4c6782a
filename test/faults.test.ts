/**
 * Conditions that nobody chooses: each ends in the documented error or answer, and the next call works. They are made
 * for real, around a host of their own; most of that needs root.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, run } from "../mod.ts";
import { type HostOptions, type Report, runHost, runtime } from "./support/host.ts";
import { killAll } from "./support/liveness.ts";
import { plantEnv } from "./support/host_env.ts";
import { failure } from "./support/outcome.ts";
import { temporaryDirectory } from "./support/temporary.ts";
import { within } from "./support/within.ts";

const root = process.getuid?.() === 0;

/** Whether a command succeeds here; for what not every machine allows. */
const works = (...argv: [string, ...string[]]) =>
  spawnSync(argv[0], argv.slice(1), { stdio: "ignore", timeout: 20_000 }).status === 0;

/** What a host told that met a fault and then went on. */
async function meet(
  fault: string,
  args: string[],
  options: Omit<HostOptions, "args">,
  end: { exitCode: number | null; signal: string | null } = { exitCode: 0, signal: null },
): Promise<Report> {
  const { exitCode, signal, report, stderr } = await runHost("faults", {
    ...options,
    args: [fault, ...args],
  });
  expect({ exitCode, signal, stderr }).toEqual({ ...end, stderr: "" });
  expect(report).toMatchObject({ works: true, runs: true });
  return report;
}

describe.each(["separate", "merged"])("without a free descriptor (ulimit -n), output %s", (how) => {
  it("a start is refused as resource_exhausted, again too, and works once there is room", async () => {
    // Each runtime needs some for itself.
    const most = { node: 96, deno: 40, bun: 72 }[runtime];
    const under = ["sh", "-c", `ulimit -n ${most}; exec "$@"`, "sh"];
    const report = await meet("no descriptors left", [how], { under });
    expect(report).toMatchObject({
      kind: "UNAVAILABLE",
      reason: "resource_exhausted",
      retryable: true,
      closed: true,
    });
    expect([undefined, "resource_exhausted"]).toContain(report["second"]);
    expect(report["started"]).toBeGreaterThan(0);
  });
});

/** Runs a host of so many descriptors at most: each runtime needs some for itself. */
const fewDescriptors = ["sh", "-c", `ulimit -n 128; exec "$@"`, "sh"];

describe.each(["output", "run", "exec.docker"])("without a free descriptor, the first call, %s,", (name) => {
  it("is refused as resource_exhausted, again too, and works once there is room", async () => {
    // Without any, Deno itself panics when it makes JavaScript of a module.
    const args = [name, runtime === "deno" ? "1" : "0"];
    const report = await meet("no descriptor left for the first call", args, { under: fewDescriptors });
    const refused = { kind: "UNAVAILABLE", reason: "resource_exhausted", retryable: true };
    // To load a backend takes Deno no more than it has, and the definition starts nothing.
    const expected = runtime === "deno" && name === "exec.docker" ? {} : refused;
    expect(report).toMatchObject({ first: expected, second: expected, third: {} });
    expect(report["third"]).toEqual({});
  });

  it("with only a few of them, is refused as resource_exhausted or works", async () => {
    for (const few of [2, 4, 8, 16, 24, 32, 40, 48]) {
      const args = [name, String(few)];
      const report = await meet("no descriptor left for the first call", args, { under: fewDescriptors });
      const [first, second, third] = ["first", "second", "third"].map((call) => report[call] as Report);
      for (const { reason } of [first!, second!]) expect([undefined, "resource_exhausted"]).toContain(reason);
      expect(third).toEqual({});
    }
  });
});

it("starts that fail, a hundred of them, leave no descriptor behind, merged or not", async () => {
  const report = await meet("starts that fail", [], {});
  expect(report["refused"]).toBe(100);
  // Pairs of sockets are made in advance, more of them or less: nobody has leaked those.
  for (const how of ["separate", "merged"]) expect(report[how]).toBeLessThan(20);
});

/** A user that nobody else is, so that its limits are the test's own. */
const USER = 61_000 + process.pid % 4000;
const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
/** An ordinary user that can read the checkout and run the runtime; setpriv itself still may what root may. */
const hasUser = root &&
  works(...asUser as ["setpriv"], "sh", "-c", 'exec "$0" --version', process.execPath) &&
  works("setpriv", ...asUser.slice(1), "test", "-r", "mod.ts");

// Only root can become another user, and the checkout must be readable for that one. Bun itself aborts when it can't
// start a thread of its own, which is what a limit of processes counts too.
it.skipIf(!hasUser || runtime === "bun")(
  "without a free process (ulimit -u), a start is resource_exhausted, and works once there is room",
  async () => {
    const limited = ["prlimit", "--nproc=60"];
    const env = { HOME: temporaryHome(), DENO_DIR: process.env["DENO_DIR"] ?? "" };
    const report = await meet("no processes left", [], { under: [...asUser, ...limited], env });
    expect(report).toMatchObject({ kind: "UNAVAILABLE", reason: "resource_exhausted", retryable: true });
    expect(report).toMatchObject({ closed: true });
    expect([undefined, "resource_exhausted"]).toContain(report["second"]);
  },
);

/** A directory of that user's, for what a runtime keeps. */
function temporaryHome(): string {
  const directory = temporaryDirectory();
  chownSync(directory, USER, USER);
  return directory;
}

describe("memory short", () => {
  const limit = "/sys/fs/cgroup/memory/polyspawn-test";
  const limits = `${limit}-${process.pid}`;

  // A limit on memory is root's to set, and where its file is differs; this is the one of cgroup v1.
  it.skipIf(!root || !existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes"))(
    "(a group of its own): the system kills the command, which is an answer, and the host goes on",
    async () => {
      mkdirSync(limits);
      onTestFinished(() => rmdirSync(limits));
      writeFileSync(`${limits}/memory.limit_in_bytes`, String(400 * 2 ** 20));
      const under = ["sh", "-c", `echo $$ >${limits}/cgroup.procs && exec "$@"`, "sh"];
      const report = await meet("memory short", [], { under });
      expect(report).toMatchObject({ exitCode: 137, signal: "SIGKILL", ok: true });
      expect(report["output"]).toMatch(/shell went on\n$/);
    },
  );

  it("(ulimit -v): a command that gets none says so itself, and that is an answer", async () => {
    const { ok, stderr } = await createExecutor().output([
      "sh",
      "-c",
      "ulimit -v 200000; exec tail /dev/zero",
    ]);
    expect([ok, stderr.length > 0]).toEqual([false, true]);
  });
});

// Only root can mount a small disk, in a namespace of its own.
it.skipIf(!root || !works("unshare", "-m", "true"))(
  "a full disk under a tee is told in teeError, and the command's own in its output",
  async () => {
    const directory = temporaryDirectory();
    const mount = `mount -t tmpfs -o size=64k,mode=777 small ${directory} && exec "$@"`;
    const report = await meet("disk full", [directory], {
      under: ["unshare", "-m", "sh", "-c", mount, "sh"],
    });
    expect(report).toMatchObject({ ok: true, totalBytes: 1_000_004, end: true, tee: "internal" });
    expect(report["why"]).toMatch(/ENOSPC|No space left|os error 28/);
    expect(report["command"]).toMatch(/No space left[^]*1000000\n$/);
    expect(report["merged"]).toBe("out\nerr\n");
  },
);

describe("an empty PATH", () => {
  it("finds nothing of the host's PATH, and a full path works all the same", async () => {
    const directory = temporaryDirectory();
    copyFileSync("/bin/echo", join(directory, "polyspawn-echo"));
    plantEnv({ PATH: `${process.env["PATH"]}:${directory}` });
    expect((await createExecutor().output("polyspawn-echo found")).stdoutText()).toBe("found\n");
    const executor = createExecutor({ env: { PATH: "" } });
    // Bun takes an empty PATH for none, and looks in /usr/bin and /bin then.
    for (const name of runtime === "bun" ? ["polyspawn-echo"] : ["polyspawn-echo", "ls"]) {
      expect(await failure(executor.output(name))).toMatchObject({ reason: "command_not_found" });
      expect(await failure(executor.output(name, { mergeStderr: true }))).toMatchObject({
        reason: "command_not_found",
      });
    }
    expect((await executor.output("/bin/echo on")).stdoutText()).toBe("on\n");
    expect((await run("echo on", { cwd: "/", executor })).output).toBe("on\n");
  });
});

it("a working directory deleted under a running command or host is its own affair, and cwd_not_found after", async () => {
  const report = await meet("cwd deleted", [temporaryDirectory()], {});
  expect(report).toMatchObject({ answer: "still here\n", exitCode: 0, next: { reason: "cwd_not_found" } });
  // Where nothing is started without a directory, that is what is told.
  const own = runtime === "deno" ? "cwd_not_found" : undefined;
  expect(report).toMatchObject({ absolute: "/\n", below: { reason: "cwd_not_found" } });
  expect((report["own"] as Report)["reason"]).toBe(own);
});

describe("an executable that is", () => {
  /** A program of the test's own, which prints what it is. */
  function program(name: string, text: string): string {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, `#!/bin/sh\nread go\necho ${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  it("replaced while it runs goes on as it was, and the next start is the new one", async () => {
    const path = program("tool", "old");
    copyFileSync("/bin/cat", `${path}-binary`);
    const executor = createExecutor();
    await using running = {
      child: await executor.spawn(`${path}-binary`),
      [Symbol.asyncDispose]: () => executor.release(),
    };
    const text = running.child.stdoutStream().text();
    copyFileSync("/bin/echo", `${path}-new`);
    spawnSync("mv", [`${path}-new`, `${path}-binary`]);
    await running.child.writeStdin("as it was");
    await running.child.closeStdin();
    expect([await text, await running.child.wait()]).toEqual(["as it was", 0]);
    expect((await executor.output([`${path}-binary`, "new"])).stdoutText()).toBe("new\n");
  });

  it("being written (ETXTBSY) is resource_exhausted, which may be tried again, and then works", async () => {
    const path = join(temporaryDirectory(), "echo");
    copyFileSync("/bin/echo", path);
    // Somebody else holds it open for writing.
    const writer = spawn("sh", ["-c", `exec 3>>"$0"; echo open; read go`, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    const executor = createExecutor();
    for (const mergeStderr of runtime === "deno" ? [false] : [false, true]) {
      const error = await failure(executor.output([path, "on"], { mergeStderr }));
      expect(error).toMatchObject({ kind: "UNAVAILABLE", reason: "resource_exhausted", retryable: true });
      expect(error.message).toContain("is being written");
    }
    writer.stdin.end();
    await new Promise((resolve) => writer.once("exit", resolve));
    expect((await executor.output([path, "on"])).stdoutText()).toBe("on\n");
  });
});

it("a busy machine loses no byte and no exit code, and keeps no call much longer than its timeout", async () => {
  const hogs = Array.from(
    { length: 2 * availableParallelism() },
    () => spawn("sh", ["-c", "while :; do :; done"], { detached: true, stdio: "ignore" }),
  );
  onTestFinished(() => hogs.forEach((hog) => killAll(hog.pid!)));
  const executor = createExecutor();
  const outputs = Array.from(
    { length: 40 },
    (_, i) => executor.output(["sh", "-c", `head -c ${i * 10_000} /dev/zero; echo ${i} >&2; exit ${i}`]),
  );
  for (const [i, { exitCode, stdout, stderrText, complete }] of (await Promise.all(outputs)).entries()) {
    expect([exitCode, stdout.length, stderrText(), complete]).toEqual([i, i * 10_000, `${i}\n`, true]);
  }
  const late = await within(20_000, run("sleep 60", { cwd: "/", timeout: 500 }));
  expect(late).toMatchObject({ ok: false, reason: "timeout" });
});

// Namespaces of processes are root's.
it.skipIf(!root || !works("unshare", "-p", "-f", "--mount-proc", "true"))(
  "a host that is the first process of its namespace gets its answers, though nobody reaps what is left",
  async () => {
    const under = ["unshare", "-p", "-f", "--mount-proc"];
    const start = performance.now();
    const report = await meet("the first process of its namespace", [], { under });
    expect(report).toMatchObject({
      hostPid: 1,
      exitCode: 3,
      stdout: "out\n",
      ok: true,
      escaped: "hi\n",
      closed: true,
    });
    // With zombies taken for living processes each of them would take 2 s more.
    expect(performance.now() - start).toBeLessThan(20_000);
  },
);

// It takes a program that changes its user, which root has to make.
it.skipIf(!hasUser)(
  "a command that became another user makes close false in time, and a timeout is told all the same",
  async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o711);
    const become = join(directory, "become");
    copyFileSync(spawnSync("sh", ["-c", "command -v setpriv"], { encoding: "utf8" }).stdout.trim(), become);
    chownSync(become, 0, USER);
    chmodSync(become, 0o4750);
    const other = `--reuid=${USER + 4000}`;
    const command = [
      become,
      other,
      `--regid=${USER + 4000}`,
      "--clear-groups",
      "sh",
      "-c",
      "echo $$; exec sleep 100",
    ];
    const env = { HOME: temporaryHome(), DENO_DIR: process.env["DENO_DIR"] ?? "" };
    onTestFinished(() => void spawnSync("sh", ["-c", `kill -9 $(ps -o pid= -u ${USER + 4000})`]));
    const report = await meet("another user's", command, { under: asUser, env });
    expect(report).toMatchObject({ closed: false, timedOut: "timed_out", run: "timeout" });
    expect(report["within"]).toBeGreaterThan(1900);
    expect(report["within"]).toBeLessThan(15_000);
    expect(report["printed"]).toMatch(/^\d+\n$/);
  },
);

describe("the system's time jumps by a day, there and back,", () => {
  it("and no timeout, duration or event is wrong by it", async () => {
    const { now } = Date;
    onTestFinished(() => void (Date.now = now));
    const times: number[] = [];
    const executor = createExecutor({ onEvent: ({ time }) => void times.push(time) });
    const output = executor.output("sleep 0.3", { timeout: 30_000 });
    Date.now = () => now() + 86_400_000;
    await new Promise((resolve) => setTimeout(resolve, 50));
    Date.now = () => now() - 86_400_000;
    const { durationMs } = await output;
    expect(durationMs).toBeGreaterThan(250);
    expect(durationMs).toBeLessThan(20_000);
    expect(times[1]! - times[0]!).toBeLessThan(20_000);
  });

  const library = ["x86_64", "aarch64"]
    .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`).find(existsSync);

  // Debian's libfaketime gives a process a clock that the test sets.
  it.skipIf(library === undefined)("and for real none is either", async () => {
    const file = join(temporaryDirectory(), "offset");
    writeFileSync(file, "+0\n");
    const env = {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // Only the clock that people set may jump; a system's steady clock never does.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
    const report = await meet("the time jumps", [file], { env }, { exitCode: null, signal: "SIGKILL" });
    expect(report).toMatchObject({ exitCode: 0, late: "timed_out" });
    // It did jump.
    expect(report["jumped"]).toBeGreaterThan(80_000_000);
    expect(report["back"]).toBeLessThan(-80_000_000);
    for (const name of ["durationMs", "between"]) {
      expect(report[name]).toBeGreaterThan(900);
      expect(report[name]).toBeLessThan(20_000);
    }
  });
});
