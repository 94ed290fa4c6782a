/** What README shows and issue 2 asks for first: the everyday jobs, with real programs. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, type ExecError, type Executor, type Process } from "../mod.ts";
import { isRunning } from "./support/liveness.ts";

const fixtures = new URL("./fixtures/", import.meta.url);
const decoder = new TextDecoder();
let executor: Executor = createExecutor();

afterEach(async () => {
  await executor.release();
  executor = createExecutor();
});

it("runs a command line with a quoted argument", async () => {
  const { ok, exitCode, stdoutText } = await executor.output("echo 'Hello, World!'");
  expect({ ok, exitCode, text: stdoutText() }).toEqual({ ok: true, exitCode: 0, text: "Hello, World!\n" });
});

it("runs a command in a working directory", async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "polyspawn example-")));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { stdoutText } = await executor.output("pwd", { cwd: directory });
  expect(stdoutText()).toBe(`${directory}\n`);
});

it("runs a command with environment variables, on top of the host's", async () => {
  const script = 'echo "$GREETING, $NAME, from ${PATH:+a }path"';
  const env = { GREETING: "Hello", NAME: "Ada; rm -rf $HOME" };
  const { stdoutText } = await executor.output(["sh", "-c", script], { env });
  expect(stdoutText()).toBe("Hello, Ada; rm -rf $HOME, from a path\n");
});

describe("a shell script", () => {
  it("gets its argument, in a string as in an array", async () => {
    const asString = await executor.output("./greet.sh 'Ada Lovelace'", { cwd: fixtures });
    const asArray = await executor.output(["./greet.sh", "Ada Lovelace"], { cwd: fixtures });
    expect(asString.stdoutText()).toBe("Hello, Ada Lovelace!\n");
    expect(asArray.stdoutText()).toBe("Hello, Ada Lovelace!\n");
  });

  it("says on stderr and by its exit code what it misses", async () => {
    const { ok, exitCode, stdoutText, stderrText } = await executor.output("./greet.sh", { cwd: fixtures });
    expect({ ok, exitCode, out: stdoutText() }).toEqual({ ok: false, exitCode: 64, out: "" });
    expect(stderrText()).toBe("usage: greet.sh NAME\n");
  });
});

describe("a build script", () => {
  it("that succeeds is a result with exit code 0", async () => {
    const output = await executor.output("./build.sh", { cwd: fixtures, check: true });
    expect(output).toMatchObject({ ok: true, exitCode: 0, signal: undefined, complete: true });
    expect(output.stdoutText()).toBe("compiling all\nbuilt all\n");
  });

  it("that fails is a result with its exit code", async () => {
    const output = await executor.output("./build.sh broken", { cwd: fixtures });
    expect(output).toMatchObject({ ok: false, exitCode: 2, signal: undefined });
    expect(output.stderrText()).toBe("error: broken does not compile\n");
  });

  it("that fails is an error with check, and the error has what it printed", async () => {
    const failure = executor.output("./build.sh broken", { cwd: fixtures, check: true });
    const error = await failure.then(() => undefined, (error: ExecError) => error);
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "exit_nonzero", details: { exitCode: 2 } });
    expect(error?.message).toContain("./build.sh broken");
    expect(error?.output?.stdoutText()).toBe("compiling broken\n");
    expect(error?.output?.stderrText()).toBe("error: broken does not compile\n");
  });

  it("can be waited for as a process", async () => {
    const build = await executor.exec("./build.sh broken", { cwd: fixtures });
    await build.start();
    expect(await build.wait()).toBe(2);
    expect(build.exitStatus).toEqual({ code: 2, signal: undefined, timedOut: false, canceled: false });
  });
});

it("reads all of stdout in pieces of at most 4096 bytes, then all of stderr, then waits", async () => {
  const child = await executor.spawn("./chatter.sh", { cwd: fixtures });
  const readAll = async (stream: ReturnType<Process["stdoutStream"]>) => {
    let text = "";
    for (let chunk = await stream.read(4096); chunk !== null; chunk = await stream.read(4096)) {
      expect(chunk.length).toBeLessThanOrEqual(4096);
      text += decoder.decode(chunk);
    }
    return text.split("\n");
  };
  const stdout = await readAll(child.stdoutStream());
  const stderr = await readAll(child.stderrStream());
  expect(await child.wait()).toBe(3);
  for (const [name, lines] of Object.entries({ stdout, stderr })) {
    expect(lines).toHaveLength(2001);
    expect(lines.findIndex((line, i) => i < 2000 && !line.startsWith(`${name} line ${i + 1} `))).toBe(-1);
  }
});

it("feeds sort by two writes, the second of them empty, and reads the lines back sorted", async () => {
  const sort = await executor.spawn("sort");
  await sort.writeStdin("pear\nfig\napple\n");
  await sort.writeStdin("");
  expect(await sort.stdoutStream().text()).toBe("apple\nfig\npear\n");
  expect(await sort.wait()).toBe(0);
});

describe("a long-running server", () => {
  /** Starts it and waits until it is ready; `rest` is what it says from then on. */
  async function serve(mode = "") {
    const server = await executor.spawn(`./server.sh ${mode}`, { cwd: fixtures, killGrace: 30_000 });
    const lines = server.stdoutStream().lines()[Symbol.asyncIterator]();
    const { value: ready } = await lines.next();
    expect(ready).toMatch(/^listening, worker \d+$/);
    const worker = Number(ready.split(" ").at(-1));
    expect([server.pid!, worker].map(isRunning)).toEqual([true, true]);
    const rest = async () => {
      const said: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) said.push(next.value);
      return said;
    };
    return { server, worker, rest };
  }

  it("is closed gracefully: it may say goodbye", async () => {
    const { server, worker, rest } = await serve();
    expect(await server.close()).toBe(true);
    expect(await rest()).toEqual(["shutting down"]);
    expect(await server.wait()).toBe(0);
    expect(server).toMatchObject({ state: "closed", exitStatus: { code: 0, signal: undefined } });
    expect([server.pid!, worker].map(isRunning)).toEqual([false, false]);
  });

  it("is closed by force: it is gone at once, with its worker", async () => {
    const { server, worker, rest } = await serve("stubborn");
    expect(await server.close(true)).toBe(true);
    expect(await rest()).toEqual([]);
    expect(await server.wait()).toBe(137);
    expect(server).toMatchObject({ state: "closed", exitStatus: { code: 137, signal: "SIGKILL" } });
    expect([server.pid!, worker].map(isRunning)).toEqual([false, false]);
  });

  it("is sent signal 2, and ends itself", async () => {
    const { server, rest } = await serve();
    await server.signal(2);
    expect(await server.wait()).toBe(0);
    expect(await rest()).toEqual(["interrupted"]);
    expect(server.state).toBe("exited");
  });
});
