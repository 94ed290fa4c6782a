import process from "node:process";
import { describe, expect, it } from "vitest";
import { createExecutor, createRunner, run, type RunResult } from "../mod.ts";
import { ScriptedBackend, type ScriptedChild } from "./support/scripted_backend.ts";

const here = { cwd: "." };
const MANY = 200;
const numbers = Array.from({ length: MANY }, (_, i) => i);

describe("200 runs at once, each with its own right answer", () => {
  it("of one runner, which differ in output, order, exit code, environment and input", async () => {
    const runner = createRunner(here);
    const command = 'echo "out $N"; echo "err $N" >&2; cat; exit $((N % 100))';
    const results = await Promise.all(numbers.map((n) => {
      const options = { env: { N: String(n) }, ...(n % 2 === 0 && { input: `in ${n}\n` }) };
      return runner.run(command, options);
    }));
    for (const [n, result] of results.entries()) {
      const output = `out ${n}\nerr ${n}\n${n % 2 === 0 ? `in ${n}\n` : ""}`;
      const ending = n % 100 === 0
        ? { ok: true, exitCode: 0 }
        : { ok: false, reason: "nonzero", exitCode: n % 100 };
      expect(result).toStrictEqual({
        ...ending,
        output,
        truncated: false,
        totalBytes: output.length,
        complete: true,
        ordered: true,
        durationMs: expect.any(Number),
      });
    }
  });

  it("of which some succeed, some fail, and some are ended", async () => {
    const results = await Promise.all(
      numbers.slice(0, 40).map((n) => {
        const controller = new AbortController();
        const { signal } = controller;
        switch (n % 4) {
          case 0:
            return run(`echo ${n}`, here);
          case 1:
            return run(`echo ${n}; kill -KILL $$`, here);
          case 2:
            return run(`sleep 60`, { ...here, timeout: 100 + n });
          default:
            return run(`echo ${n}; sleep 60`, { ...here, signal, onOutput: () => controller.abort() });
        }
      }),
    );
    const expected = [
      (n: number) => ({ ok: true, output: `${n}\n` }),
      (n: number) => ({ ok: false, reason: "nonzero", signal: "SIGKILL", output: `${n}\n` }),
      () => ({ ok: false, reason: "timeout" }),
      (n: number) => ({ ok: false, reason: "canceled", output: `${n}\n` }),
    ];
    for (const [n, result] of results.entries()) expect(result).toMatchObject(expected[n % 4]!(n));
  });
});

describe("one AbortSignal for many runs", () => {
  it("ends them all, and no runtime takes their listeners for a leak", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const controller = new AbortController();
    const backend = new ScriptedBackend();
    const runner = createRunner({
      ...here,
      executor: createExecutor({ backend }),
      signal: controller.signal,
    });
    const running = Promise.all(numbers.map((n) => runner.run(`command ${n}`)));
    await expect.poll(() => backend.children.length).toBe(MANY);
    controller.abort();
    for (const result of await running) expect(result).toMatchObject({ ok: false, reason: "canceled" });
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("on a backend that can't merge", () => {
  /** Runs something on children that do what is said, and whose stdout and stderr are two pipes. */
  async function onTwoPipes(
    prepare: (child: ScriptedChild) => void,
    command = "x",
    more = {},
  ): Promise<RunResult> {
    const backend = new ScriptedBackend({ mergedOutput: false });
    backend.prepare = prepare;
    const result = await run(command, { ...here, executor: createExecutor({ backend }), ...more });
    expect(backend.requests[0]).toMatchObject({ mergeStderr: false, stdout: "pipe", stderr: "pipe" });
    return result;
  }

  it("200 runs at once have all of both streams, and say that the order is that of arrival", async () => {
    const results = await Promise.all(numbers.map((n) =>
      onTwoPipes((child) => {
        child.out.push(`out ${n}\n`);
        child.err.push(`err ${n}\n`);
        child.exitWith(n);
      }, `command ${n}`)
    ));
    for (const [n, result] of results.entries()) {
      expect(result.output.split("\n").sort()).toEqual(["", `err ${n}`, `out ${n}`]);
      expect(result).toMatchObject({ ok: n === 0, exitCode: n, ordered: false, complete: true });
    }
  });

  it("chunks are in the order in which they came", async () => {
    const texts: string[] = [];
    const arrived = (text: string) => expect.poll(() => texts.join("").endsWith(text)).toBe(true);
    const prepare = async (child: ScriptedChild) => {
      for (const [i, source] of [child.out, child.err, child.err, child.out, child.err].entries()) {
        source.push(`${i}`);
        await arrived(`${i}`);
      }
      child.exitWith(0);
    };
    const options = { onOutput: (text: string) => texts.push(text) };
    const result = await onTwoPipes((child) => void prepare(child), "x", options);
    expect(result).toMatchObject({ ok: true, output: "01234", ordered: false });
    expect(texts).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("a character is whole, though the other stream came between its bytes", async () => {
    const [euro, smile] = [new TextEncoder().encode("€"), new TextEncoder().encode("😀")];
    const texts: string[] = [];
    const received: Uint8Array[] = [];
    const result = await onTwoPipes(
      (child) => {
        for (let i = 0; i < 4; i++) {
          if (i < 3) child.out.push(euro.subarray(i, i + 1));
          child.err.push(smile.subarray(i, i + 1));
        }
        child.out.push(euro.subarray(0, 2));
        child.err.push("!");
        child.exitWith(0);
      },
      "x",
      {
        onOutput: (text: string) => texts.push(text),
        tee: new WritableStream<Uint8Array>({ write: (chunk) => void received.push(chunk) }),
      },
    );
    expect(new Set(result.output)).toEqual(new Set(["!", "€", "\ufffd", "😀"]));
    expect([...result.output]).toHaveLength(4);
    expect(texts.join("")).toBe(result.output);
    expect(result).toMatchObject({ totalBytes: 10, ordered: false });
    expect(new TextDecoder().decode(Buffer.concat(received))).toBe(result.output);
  });

  it("much output on both is all there, with a tee that takes its time", async () => {
    let size = 0;
    const tee = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        size += chunk.length;
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    const result = await onTwoPipes(
      (child) => {
        child.out.flood(100, 10_000);
        child.err.flood(100, 10_000);
        child.exitWith(0);
      },
      "x",
      { tee },
    );
    expect(result).toMatchObject({ ok: true, totalBytes: 2_000_000, complete: true });
    expect(size).toBe(2_000_000);
  });

  it("what onOutput throws ends the run once, and reaches the caller", async () => {
    const reason = new Error("enough");
    const running = onTwoPipes(
      (child) => {
        child.out.push("out");
        child.err.push("err");
      },
      "x",
      {
        onOutput: () => {
          throw reason;
        },
      },
    );
    await expect(running).rejects.toMatchObject({ reason: "internal", cause: reason });
  });
});
