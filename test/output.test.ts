/**
 * Start, feed, collect, wait in one call: what comes back, what fails, and what is left behind.
 */
import { describe, expect, it } from "vitest";
import { ExecError, type Input, type OutputOptions } from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { scene } from "./support/scene.ts";
import { bytesOf, patternFrom, type ScriptedChild } from "./support/scripted_backend.ts";

const MiB = 1024 * 1024;

/** A call of `output` whose child runs. */
async function running(options?: OutputOptions) {
  const on = scene();
  const output = on.executor.output("build --all", options);
  output.catch(() => {});
  await settle();
  return { ...on, output, child: on.backend.child };
}

/** A call of `output` on a child that does all it does at once. */
function ran(act: (child: ScriptedChild) => void, options?: OutputOptions) {
  const on = scene();
  on.backend.prepare = act;
  return { ...on, output: on.executor.output("build --all", options) };
}

describe("output", () => {
  it("gives both streams, as bytes and as text, and how it ended", async () => {
    const { clock, child, output } = await running();
    child.out.push("grü", "ße\n");
    child.err.push("warning\n");
    await clock.advance(1234);
    child.exitWith(0);
    const result = await output;
    expect(result).toMatchObject({
      ok: true,
      exitCode: 0,
      signal: undefined,
      complete: true,
      durationMs: 1234,
    });
    expect([result.stdout, result.stderr]).toEqual([bytesOf("grüße\n"), bytesOf("warning\n")]);
    const { stdoutText, stderrText } = result;
    expect([stdoutText(), stderrText()]).toEqual(["grüße\n", "warning\n"]);
  });

  it.each<[how: string, end: (child: ScriptedChild) => void, exitCode: number, signal: string | undefined]>([
    ["a non-zero exit", (child) => child.exitWith(3), 3, undefined],
    ["death by a signal", (child) => child.dieOf("SIGSEGV"), 139, "SIGSEGV"],
  ])("of %s is a result, never an error", async (_, end, exitCode, signal) => {
    expect(await ran(end).output).toMatchObject({ ok: false, exitCode, signal });
  });

  it("reads both streams side by side, each beyond the read-ahead", async () => {
    const { output } = ran((child) => {
      child.err.flood(3, MiB);
      child.out.flood(3, MiB);
      child.exitWith(0);
    });
    const { stdout, stderr } = await output;
    expect([stdout.length, stderr.length]).toEqual([3 * MiB, 3 * MiB]);
  });

  it("has nothing of a stream that is not piped, and one stream where they are merged", async () => {
    const silent = await ran((child) => child.exitWith(0), { stdout: "null", stderr: "inherit" }).output;
    expect(silent).toMatchObject({ stdout: new Uint8Array(0), stderr: new Uint8Array(0), complete: true });
    const merged = await ran((child) => {
      child.out.push("out", "err");
      child.exitWith(0);
    }, { mergeStderr: true }).output;
    expect([merged.stdoutText(), merged.stderrText()]).toEqual(["outerr", ""]);
  });

  it("is not complete when a daemon keeps the pipe, and returns all the same", async () => {
    const { clock, child, output } = await running();
    child.out.push("started\n");
    child.exitHoldingPipes(0);
    await clock.advance(99);
    expect(await outcome(() => output)).toBe("(pending)");
    await clock.advance(1);
    const result = await output;
    expect([result.ok, result.complete, result.stdoutText()]).toEqual([true, false, "started\n"]);
    expect([child.out.closed, child.err.closed, clock.pending]).toEqual([true, true, 0]);
  });

  it("has what a short-lived descendant writes after the exit", async () => {
    const { clock, child, output } = await running();
    child.exitHoldingPipes(0);
    await clock.advance(80);
    child.out.push("late\n").end();
    child.err.end();
    expect(await output).toMatchObject({ complete: true, stdout: bytesOf("late\n") });
  });
});

describe("check", () => {
  it.each<[end: (child: ScriptedChild) => void, message: string, details: unknown]>([
    [(child) => child.exitWith(3), "exited with code 3", { exitCode: 3, signal: undefined }],
    [(child) => child.dieOf("SIGKILL"), "was killed by SIGKILL", { exitCode: 137, signal: "SIGKILL" }],
  ])("makes what did not exit with 0 an error that has its output", async (end, message, details) => {
    const { output } = ran((child) => {
      child.out.push("half\n");
      child.err.push("why\n");
      end(child);
    }, { check: true });
    const error = await failure(output);
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "exit_nonzero", retryable: false, details });
    expect(error.message).toBe(
      `Command "build --all" ${message}; what it printed is in the error's "output".`,
    );
    expect([error.output?.stdoutText(), error.output?.stderrText(), error.output?.ok]).toEqual([
      "half\n",
      "why\n",
      false,
    ]);
  });

  it("lets an exit with 0 be", async () => {
    expect(await ran((child) => child.exitWith(0), { check: true }).output).toMatchObject({ ok: true });
  });
});

describe("standard input", () => {
  it("is empty without input", async () => {
    const { backend, output } = ran((child) => child.exitWith(0));
    await output;
    expect(backend.requests[0]!.stdin).toBe("null");
  });

  it("is as option stdin says, without input", async () => {
    const { backend, output } = ran((child) => child.exitWith(0), { stdin: "inherit" });
    await output;
    expect(backend.requests[0]!.stdin).toBe("inherit");
  });

  async function* chunks(...texts: string[]) {
    for (const text of texts) yield bytesOf(text);
  }
  it.each<[name: string, input: Input, written: string]>([
    ["a string", "grüße", "grüße"],
    ["bytes", bytesOf("grüße"), "grüße"],
    ["an async iterable, where an empty chunk is no end", chunks("grü", "", "ße"), "grüße"],
    ["an async iterable of nothing", chunks(), ""],
    ["a Web Stream", new Blob(["grüße"]).stream() as unknown as Input, "grüße"],
    ["the empty string", "", ""],
    ["no bytes", new Uint8Array(0), ""],
  ])("is fed from %s, and ended", async (_, input, written) => {
    const { backend, child, output } = await running({ input });
    // A Web Stream of the runtime may need more than one turn.
    while (!child.stdin!.closed) await settle();
    expect([child.stdin!.written, backend.requests[0]!.stdin]).toEqual([written, "pipe"]);
    child.exitWith(0);
    expect(await output).toMatchObject({ ok: true });
  });

  it("is taken from an iterable only as fast as the child takes it", async () => {
    let pulled = 0;
    async function* endless() {
      for (;;) yield bytesOf(`${++pulled} `);
    }
    const on = scene();
    on.backend.prepare = (child) => child.stdin!.stall();
    const output = on.executor.output("head -n1", { input: endless() });
    await settle();
    expect(pulled).toBe(1);
    on.backend.child.exitWith(0);
    expect(await output).toMatchObject({ ok: true });
    expect(pulled).toBe(1);
  });

  it("that comes from an iterable is given up when the process ends, and the iterable told so", async () => {
    let returned = false;
    const never: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const { child, output } = await running({ input: never });
    child.exitWith(0);
    expect(await output).toMatchObject({ ok: true });
    expect(returned).toBe(true);
  });

  it.each<[how: string, refuse: (child: ScriptedChild) => void]>([
    ["closes it", (child) => child.stdin!.broken = new Error("EPIPE")],
    ["exits", (child) => child.exitWith(0)],
  ])("that the child does not want is no failure: it %s", async (_, refuse) => {
    for (const input of ["a".repeat(100), bytesOf("b"), chunks("c", "d")]) {
      const on = scene();
      on.backend.prepare = refuse;
      const output = on.executor.output("true", { input });
      await settle();
      on.backend.child.exitWith(0);
      expect(await output).toMatchObject({ ok: true });
    }
  });

  it("whose iterable fails ends the command, with what it printed", async () => {
    const cause = new Error("disk trouble");
    async function* failing() {
      yield bytesOf("a");
      throw cause;
    }
    const { output, backend } = ran((child) => child.out.push("so far"), { input: failing() });
    const error = await failure(output);
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal", cause });
    expect(error.message).toContain("disk trouble");
    expect([error.output?.stdoutText(), backend.child.kills]).toEqual(["so far", ["SIGKILL group"]]);
  });

  it.each<[name: string, chunk: unknown]>([
    ["an ArrayBuffer", bytesOf("a").buffer],
    ["an array", [97]],
    ["a number", 5],
    ["null", null],
    ["an object", {}],
  ])("is never silently short of what an iterable gives: %s is refused", async (_, chunk) => {
    async function* wrong() {
      yield chunk as Uint8Array;
    }
    const { output, backend } = ran(() => {}, { input: wrong() });
    expect(await outcome(() => output)).toBe("invalid_option");
    expect(backend.child.kills).toEqual(["SIGKILL group"]);
  });

  it.each([[5], [null], [{}], [["a"]], [() => "a"]])(
    "refuses the input %s, and spawns nothing",
    async (input) => {
      const { executor, backend } = scene();
      const error = await failure(executor.output("cat", { input: input as unknown as Input }));
      expect(error).toMatchObject({ reason: "invalid_option", details: { option: "input" } });
      expect(error.message).toMatch(
        /^Option "input" must be a string, a Uint8Array or an async iterable of them, got /,
      );
      expect(backend.requests).toHaveLength(0);
    },
  );

  it.each(["null", "inherit"] as const)(`can't be fed when it is "%s"`, async (stdin) => {
    const error = await failure(scene().executor.output("cat", { input: "a", stdin }));
    expect(error).toMatchObject({ reason: "invalid_option", details: { option: "input" } });
    expect(error.message).toContain(`"${stdin}": leave option "stdin" out`);
  });
});

describe("what the command leaves running in its group", () => {
  it("is ended after a normal exit: SIGTERM, and SIGKILL after 500 ms", async () => {
    const { clock, child, output } = await running();
    child.isGone = () => child.kills.includes("SIGKILL group");
    child.onKill = () => {};
    child.exitWith(0);
    await clock.advance(499);
    expect([await outcome(() => output), child.kills]).toEqual(["(pending)", ["SIGTERM group"]]);
    await clock.advance(1);
    expect([(await output).ok, child.kills]).toEqual([true, ["SIGTERM group", "SIGKILL group"]]);
  });

  it("gets no more time than killGrace", async () => {
    const { clock, child, output } = await running({ killGrace: 40 });
    child.isGone = () => child.kills.includes("SIGKILL group");
    child.onKill = () => {};
    child.exitWith(0);
    await clock.advance(40);
    expect(await output).toMatchObject({ ok: true });
  });

  it("is left alone with keepBackground", async () => {
    const { child, output } = await running({ keepBackground: true });
    child.isGone = () => false;
    child.exitWith(0);
    expect([(await output).ok, child.kills]).toEqual([true, []]);
  });

  it("is ended in spite of keepBackground when the command is timed out", async () => {
    const { clock, child, output } = await running({ keepBackground: true, timeout: 1000 });
    await clock.advance(1000);
    expect([await outcome(() => output), child.kills]).toEqual(["timed_out", ["SIGTERM group"]]);
  });

  it("is nothing in most cases, and then nothing is signalled", async () => {
    const { backend, output } = ran((child) => child.exitWith(0));
    await output;
    expect(backend.child.kills).toEqual([]);
  });
});

describe("an error's output holds what was collected", () => {
  it("by a timeout", async () => {
    const { clock, child, output } = await running({ timeout: 1000 });
    child.onKill = () => {
      child.out.push("bye\n");
      child.exitWith(0);
    };
    child.out.push("working\n");
    child.err.push("slowly\n");
    await clock.advance(1000);
    const error = await failure(output);
    expect(error).toMatchObject({
      kind: "TIMEOUT",
      reason: "timed_out",
      retryable: true,
      details: { timeout: 1000 },
    });
    expect(error.output).toMatchObject({ ok: false, exitCode: 0, complete: true, durationMs: 1000 });
    expect([error.output!.stdoutText(), error.output!.stderrText()]).toEqual(["working\nbye\n", "slowly\n"]);
  });

  it("by an abort", async () => {
    const controller = new AbortController();
    const { child, output } = await running({ signal: controller.signal });
    child.out.push("working\n");
    const reason = new Error("enough");
    controller.abort(reason);
    const error = await failure(output);
    expect(error).toMatchObject({ kind: "CANCELED", reason: "canceled", cause: reason });
    expect(error.output).toMatchObject({ ok: false, exitCode: 143, signal: "SIGTERM", complete: true });
    expect(error.output!.stdoutText()).toBe("working\n");
  });

  it("by a timeout though something that left the group holds the pipe, quiet or not", async () => {
    const { clock, child, output } = await running({ timeout: 1000 });
    child.onKill = () => child.exitHoldingPipes(0);
    child.out.push("working\n");
    const chatter = () => {
      child.out.push("x");
      if (!child.out.closed) clock.setTimeout(chatter, 10);
    };
    await clock.advance(1000);
    chatter();
    await clock.advance(100);
    const error = await failure(output);
    expect(error).toMatchObject({ reason: "timed_out" });
    expect(error.output!.stdoutText()).toMatch(/^working\nx+$/);
    expect([error.output!.complete, child.out.closed, child.err.closed]).toEqual([false, true, true]);
  });

  it("by a timeout of a process nobody can end", async () => {
    const { clock, child, output } = await running({ timeout: 1000, killGrace: 100 });
    child.onKill = () => {};
    child.out.push("working\n");
    await clock.advance(10_000);
    const error = await failure(output);
    expect(error).toMatchObject({ reason: "timed_out" });
    expect(error.output).toMatchObject({ ok: false, exitCode: -1, complete: false });
    expect(error.output!.stdoutText()).toBe("working\n");
  });

  it("by passing maxBuffer, up to where it passed", async () => {
    const { child, output } = await running({ maxBuffer: 100 });
    child.err.push("why\n");
    child.out.push(patternFrom(0, 60), patternFrom(60, 60), patternFrom(120, 60));
    const error = await failure(output);
    expect(error).toMatchObject({ kind: "UNAVAILABLE", reason: "buffer_exceeded", retryable: false });
    expect(error.output).toMatchObject({
      ok: false,
      exitCode: 137,
      complete: false,
      stdout: patternFrom(0, 120),
    });
    expect([error.output!.stderrText(), child.kills]).toEqual(["why\n", ["SIGKILL group"]]);
  });

  it("by passing maxBuffer after the exit", async () => {
    const { child, output } = await running({ maxBuffer: 100 });
    child.isGone = () => child.kills.length > 0;
    child.onKill = () => child.err.end();
    child.exitHoldingPipes(0);
    await settle();
    child.out.push(patternFrom(0, 101));
    expect(await failure(output)).toMatchObject({
      reason: "buffer_exceeded",
      output: { stdout: patternFrom(0, 101) },
    });
    expect(child.kills).toEqual(["SIGKILL group"]);
  });

  it("by the failure of a stream", async () => {
    const { child, output } = await running();
    const cause = new Error("connection reset");
    child.err.push("some");
    child.out.push("most").fail(cause);
    await settle();
    child.exitWith(0);
    const error = await failure(output);
    expect(error).toMatchObject({ reason: "internal", cause, output: { complete: false } });
    expect([error.output!.stdoutText(), error.output!.stderrText()]).toEqual(["most", "some"]);
  });
});

describe("a command that does not start", () => {
  it("is the backend's error, of the backend's own kind and reason", async () => {
    const { executor, backend } = scene();
    const cause = new Error("no rule");
    backend.refuse(
      new ExecError("unexpected_command", "There is no rule.", {
        kind: "NOT_FOUND",
        details: { rules: 0 },
        cause,
      }),
    );
    const error = await failure(executor.output("build"));
    expect(error).toMatchObject({
      kind: "NOT_FOUND",
      reason: "unexpected_command",
      details: { rules: 0 },
      cause,
    });
    expect(error.message).toBe("There is no rule.");
  });

  it("takes nothing from its input", async () => {
    const { executor, backend } = scene();
    backend.refuse(new ExecError("command_not_found", "No."));
    let asked = false;
    const input: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => {
        asked = true;
        throw new Error("nobody needs me");
      },
    };
    expect([(await failure(executor.output("build", { input }))).reason, asked]).toEqual([
      "command_not_found",
      false,
    ]);
  });

  it.each([undefined, "pipe", "null"] as const)(
    "has an empty input where stdin is said to be %s",
    async (stdin) => {
      const { backend } = await running({ stdin });
      expect(backend.requests[0]).toMatchObject({ stdin: "null" });
    },
  );

  it("is canceled without being spawned under a signal aborted already", async () => {
    const { executor, backend } = scene();
    expect(await failure(executor.output("build", { signal: AbortSignal.abort() }))).toMatchObject({
      reason: "canceled",
    });
    expect(backend.requests).toHaveLength(0);
  });
});

it("a backend that never answers does not keep output from its timeout", async () => {
  const { executor, backend, clock } = scene();
  backend.hold();
  const output = executor.output("build", { timeout: 1000 });
  output.catch(() => {});
  await clock.advance(10_000);
  expect(await outcome(() => output)).toBe("timed_out");
});

it("many outputs at a time don't mix", async () => {
  const { executor, backend } = scene();
  const outputs = Array.from({ length: 50 }, (_, i) => executor.output(["echo", `${i}`]));
  await settle();
  for (const child of [...backend.children].reverse()) {
    child.out.push(child.request.argv[1]!);
    child.exitWith(Number(child.request.argv[1]));
  }
  const texts = (await Promise.all(outputs)).map(({ exitCode, stdoutText }) => [exitCode, stdoutText()]);
  expect(texts).toEqual(Array.from({ length: 50 }, (_, i) => [i, `${i}`]));
});
