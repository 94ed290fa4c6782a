/**
 * Every operation in every state, and what states mean.
 */
import { describe, expect, it } from "vitest";
import { ExecError } from "../src/errors.ts";
import { createExecutor } from "../src/local_executor.ts";
import type { ProcessOptions } from "../src/options.ts";
import type { Process } from "../src/process.ts";
import type { Stream } from "../src/stream.ts";
import { ManualClock, settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";

/** A process in some state, and what a test needs to go on from there. */
interface Stage {
  readonly process: Process;
  readonly backend: ScriptedBackend;
  /** Its stdout, asked for while it was open. */
  readonly stream: Stream;
}

async function create(options?: ProcessOptions): Promise<Stage> {
  const backend = new ScriptedBackend();
  const executor = createExecutor({ backend, clock: new ManualClock() });
  const process = await executor.exec(["server", "--port", "8 080"], options);
  return { process, backend, stream: process.stdoutStream() };
}

async function run(): Promise<Stage> {
  const stage = await create();
  await stage.process.start();
  return stage;
}

async function exit(): Promise<Stage> {
  const stage = await run();
  stage.backend.child.exitWith(3);
  await stage.process.wait();
  return stage;
}

const states: Record<string, () => Promise<Stage>> = {
  created: () => create(),
  starting: async () => {
    const stage = await create();
    stage.backend.hold();
    void stage.process.start().catch(() => {});
    await settle();
    return stage;
  },
  running: () => run(),
  exited: () => exit(),
  "closed before start": async () => {
    const stage = await create();
    await stage.process.close();
    return stage;
  },
  "closed while starting": async () => {
    const stage = await create();
    const release = stage.backend.hold();
    void stage.process.start().catch(() => {});
    await settle();
    const closed = stage.process.close();
    release();
    await closed;
    return stage;
  },
  "closed while running": async () => {
    const stage = await run();
    await stage.process.close();
    return stage;
  },
  "closed after exit": async () => {
    const stage = await exit();
    await stage.process.close();
    return stage;
  },
  "failed to start": async () => {
    const stage = await create();
    stage.backend.refuse(new ExecError("command_not_found", `There is no "server": install it.`));
    await failure(stage.process.start());
    return stage;
  },
};

const operations: Record<string, (stage: Stage) => unknown> = {
  state: ({ process }) => process.state,
  pid: ({ process }) => process.pid,
  exitCode: ({ process }) => process.exitStatus?.code,
  start: ({ process }) => process.start(),
  wait: ({ process }) => process.wait(),
  stdoutStream: ({ process, stream }) => process.stdoutStream() === stream ? "the same" : "another",
  stderrStream: ({ process }) => typeof process.stderrStream(),
  "read of a stream obtained before": ({ stream }) => stream.read(),
  writeStdin: ({ process }) => process.writeStdin("hello"),
  closeStdin: ({ process }) => process.closeStdin(),
  stdin: ({ process }) => typeof process.stdin,
  signal: ({ process }) => process.signal("SIGUSR1"),
  unref: ({ process }) => process.unref(),
  close: ({ process }) => process.close(),
  "close(true)": ({ process }) => process.close(true),
  "await using": ({ process }) => process[Symbol.asyncDispose](),
};

const none = undefined;
const pending = "(pending)";
const same = "the same";
const object = "object";
const unstarted = "not_started";
const again = "already_started";
const missing = "command_not_found";
const closed = "process_closed";
const throws = "throws process_closed";

/** Operation by state: the answer, the reason of the failure, or "(pending)" for what waits for the process. */
const table: Record<string, unknown[]> = {
  // created, starting, running, exited, closed before start, while starting, while running, after exit, failed to start
  state: ["created", "created", "running", "exited", "closed", "closed", "closed", "closed", "closed"],
  pid: [none, none, 1000, 1000, none, 1000, 1000, 1000, none],
  exitCode: [none, none, none, 3, none, 137, 143, 3, none],
  start: [none, again, again, again, closed, closed, closed, closed, closed],
  wait: [unstarted, pending, pending, 3, unstarted, closed, 143, 3, missing],
  stdoutStream: [same, same, same, same, same, same, same, same, same],
  stderrStream: [object, object, object, object, throws, throws, throws, throws, throws],
  "read of a stream obtained before": [pending, pending, pending, null, null, closed, null, null, missing],
  writeStdin: [unstarted, unstarted, none, "stdin_closed", closed, closed, closed, closed, closed],
  closeStdin: [unstarted, unstarted, none, none, closed, closed, closed, closed, closed],
  stdin: [object, object, object, object, throws, throws, throws, throws, throws],
  signal: [unstarted, unstarted, none, none, closed, closed, closed, closed, closed],
  unref: [none, none, none, none, throws, throws, throws, throws, throws],
  close: [true, pending, true, true, true, true, true, true, true],
  "close(true)": [true, pending, true, true, true, true, true, true, true],
  "await using": [none, pending, none, none, none, none, none, none, none],
};

/** The state after an operation, where it is another than before; a signal is what this child dies of. */
const ends = { created: "closed", starting: "closed", running: "closed", exited: "closed" };
const changes: Record<string, Record<string, string>> = {
  start: { created: "running" },
  signal: { running: "exited" },
  close: ends,
  "close(true)": ends,
  "await using": ends,
};

describe("every operation in every state", () => {
  it("is in the table", () => {
    expect(Object.keys(table)).toEqual(Object.keys(operations));
    for (const row of Object.values(table)) expect(row).toHaveLength(Object.keys(states).length);
  });

  const pairs = Object.keys(operations).flatMap((operation) =>
    Object.keys(states).map((state, index) => [operation, state, table[operation]![index]] as const)
  );
  it.each(pairs)("%s when %s", async (operation, state, expected) => {
    const stage = await states[state]!();
    const before = stage.process.state;
    expect(await outcome(() => operations[operation]!(stage))).toBe(expected);
    expect(stage.process.state).toBe(changes[operation]?.[state] ?? before);
  });

  it("that fails names the command and the way out", async () => {
    const closed = await states["closed before start"]!();
    expect((await failure(closed.process.start())).message).toBe(
      `Can't start "server --port '8 080'": it was closed. Make a new process.`,
    );
    const created = await create();
    expect((await failure(created.process.wait())).message).toBe(
      `Can't wait for "server --port '8 080'": it was not started. Call start() first.`,
    );
    await created.process.start();
    expect((await failure(created.process.start())).message).toContain("server --port '8 080'");
  });
});

describe("a process", () => {
  it("has its command as it was given, and as words", async () => {
    const { process } = await create();
    expect(process.command).toBe("server --port '8 080'");
    expect(process.argv).toEqual(["server", "--port", "8 080"]);
    expect(Object.isFrozen(process.argv)).toBe(true);
    const executor = createExecutor({ backend: new ScriptedBackend() });
    expect((await executor.exec(`echo  "a b"`)).command).toBe(`echo  "a b"`);
  });

  it("is starting until the backend says that it runs, and is running when start has resolved", async () => {
    const { process, backend } = await create();
    const release = backend.hold();
    const started = process.start();
    await settle();
    expect([process.state, process.pid]).toEqual(["created", undefined]);
    release();
    await started;
    expect([process.state, process.pid]).toEqual(["running", 1000]);
  });

  it("that could not start never ran: start and wait tell why, in the backend's own words", async () => {
    const { process, backend } = await create();
    const refusal = new ExecError("cwd_not_found", `There is no directory "/nowhere": make it.`);
    backend.refuse(refusal);
    expect(await failure(process.start())).toBe(refusal);
    expect(await failure(process.wait())).toBe(refusal);
    expect(backend.children).toHaveLength(0);
  });

  it.each([
    ["an Error", new Error("out of luck"), "out of luck"],
    ["a string", "out of luck", "out of luck"],
    ["nothing", undefined, "undefined"],
  ])("that fails to start with %s is an internal error with its cause", async (_, cause, saying) => {
    const { process, backend } = await create();
    backend.refuse(cause);
    const error = await failure(process.start());
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal", retryable: false });
    expect(error.cause).toBe(cause);
    expect(error.message).toContain(`Starting "server --port '8 080'"`);
    expect(error.message).toContain(saying);
  });

  it("whose backend throws instead of rejecting fails to start all the same", async () => {
    const { process, backend } = await create();
    backend.spawn = () => {
      throw new TypeError("not today");
    };
    expect(await failure(process.start())).toMatchObject({ reason: "internal" });
    expect(await failure(process.wait())).toMatchObject({ reason: "internal" });
    expect(process.state).toBe("closed");
  });

  it("can be waited for any number of times, before and after its exit", async () => {
    const { process, backend } = await run();
    const early = [process.wait(), process.wait()];
    backend.child.exitWith(7);
    expect(await Promise.all([...early, process.wait()])).toEqual([7, 7, 7]);
    await process.close();
    expect(await process.wait()).toBe(7);
  });

  it("reports death by a signal as 128 + n, never as success", async () => {
    const { process, backend } = await run();
    backend.child.dieOf("SIGSEGV");
    expect(await process.wait()).toBe(139);
    expect(process.exitStatus).toEqual({ code: 139, signal: "SIGSEGV", timedOut: false, canceled: false });
    expect(Object.isFrozen(process.exitStatus)).toBe(true);
  });

  it("that the backend loses is an internal error, and nothing hangs", async () => {
    const { process, backend, stream } = await run();
    backend.child.out.push("so far").end();
    backend.child.lose(new Error("engine gone"));
    const error = await failure(process.wait());
    expect(error).toMatchObject({ reason: "internal", cause: new Error("engine gone") });
    expect(await stream.text()).toBe("so far");
    expect(process).toMatchObject({ state: "exited", exitStatus: undefined });
    expect(await process.close()).toBe(true);
  });

  it("gives a signal to the process itself, by name or by number", async () => {
    const { process, backend } = await run();
    backend.child.onKill = () => {};
    await process.signal("SIGINT");
    await process.signal(2);
    await process.signal(10);
    expect(backend.child.kills).toEqual(["SIGINT process", "SIGINT process", "SIGUSR1 process"]);
  });

  it("gets no signal once it has exited", async () => {
    const { process, backend } = await exit();
    await process.signal("SIGTERM");
    expect(backend.child.kills).toEqual([]);
  });

  it.each([
    ["an ExecError of the backend", new ExecError("os_permission", "Another user's."), "os_permission"],
    ["any other error", new Error("no"), "internal"],
  ])("that may not be signalled says so: %s", async (_, refusal, reason) => {
    const { process, backend } = await run();
    backend.child.onKill = () => {
      throw refusal;
    };
    expect(await failure(process.signal("SIGTERM"))).toMatchObject({ reason });
    backend.child.onKill = () => Promise.reject(refusal);
    expect(await failure(process.signal("SIGTERM"))).toMatchObject({ reason });
    expect(process.state).toBe("running");
  });

  it("that was unref'd before its start is unref'd when it runs", async () => {
    const { process, backend } = await create();
    process.unref();
    await process.start();
    expect(backend.child.unrefs).toBe(1);
  });

  it.each<[what: string, options: ProcessOptions, use: (process: Process) => unknown, saying: string]>([
    ["stdout", { stdout: "null" }, (process) => process.stdoutStream(), `leave option "stdout" out`],
    ["stderr", { stderr: "inherit" }, (process) => process.stderrStream(), `leave option "stderr" out`],
    ["merged stderr", { mergeStderr: true }, (process) => process.stderrStream(), "read stdoutStream()"],
    ["stdin", { stdin: "null" }, (process) => process.stdin, `leave option "stdin" out`],
    ["stdin", { stdin: "null" }, (process) => process.writeStdin("a"), `leave option "stdin" out`],
    ["stdin", { stdin: "null" }, (process) => process.closeStdin(), `leave option "stdin" out`],
  ])("whose %s is not piped has no stream of it", async (_, options, use, saying) => {
    const executor = createExecutor({ backend: new ScriptedBackend() });
    const process = await executor.spawn("server", options);
    const error = await failure(() => use(process));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toContain(saying);
  });

  it("is ended by leaving an `await using` block", async () => {
    const backend = new ScriptedBackend();
    {
      await using process = await createExecutor({ backend }).spawn("server");
      expect(process.state).toBe("running");
    }
    expect(backend.child.kills).toEqual(["SIGTERM group"]);
  });

  it.each<[option: string, options: ProcessOptions]>([
    ["mergeStderr", { mergeStderr: true }],
    [`stdin: "inherit"`, { stdin: "inherit" }],
    [`stdout: "inherit"`, { stdout: "inherit" }],
    [`stderr: "inherit"`, { stderr: "inherit" }],
  ])("asks nothing of a backend that lacks it: %s", async (option, options) => {
    const backend = new ScriptedBackend({ mergedOutput: false, inheritStdio: false });
    const error = await failure(createExecutor({ backend }).spawn("server", options));
    expect(error).toMatchObject({ kind: "INVALID", reason: "unsupported" });
    expect(error.message).toContain(`Backend "scripted" can't do ${option}`);
    expect(backend.requests).toHaveLength(0);
  });

  it("leads a group where the backend has groups, but stays in the host's with an inherited stdin", async () => {
    const backend = new ScriptedBackend();
    const executor = createExecutor({ backend });
    await executor.spawn("server");
    await executor.spawn("server", { stdin: "inherit" });
    expect(backend.requests.map(({ group }) => group)).toEqual([true, false]);
    const without = new ScriptedBackend({ processGroups: false });
    await createExecutor({ backend: without }).spawn("server");
    expect(without.requests[0]!.group).toBe(false);
  });
});
