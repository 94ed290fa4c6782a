import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, run, type RunResult } from "../mod.ts";
import { isInstalled } from "./support/installed.ts";
import { isRunning, killAll } from "./support/liveness.ts";
import { settle } from "./support/manual_clock.ts";
import { expectNoneLeft, pidsIn } from "./support/pids.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { within } from "./support/within.ts";

const here = { cwd: "." };

/** Prints on and on, but not more than a test can hold. */
const endless = `while :; do echo "line $((i += 1))"; done`;

/** A tee that keeps all it gets. */
class Collector {
  readonly chunks: Uint8Array[] = [];
  /** What happens before a chunk counts as taken. */
  onWrite: () => void | Promise<void> = () => {};
  readonly stream: WritableStream<Uint8Array> = new WritableStream({
    write: async (chunk) => {
      this.chunks.push(chunk);
      await this.onWrite();
    },
  });

  get size(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get text(): string {
    const decoder = new TextDecoder();
    return this.chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }
}

/** A stream that takes the first chunk and never says so. */
const stuck = () => new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });

/** What a result keeps, without the notice. */
const kept = ({ output, truncated }: RunResult) =>
  truncated ? output.slice(output.indexOf("\n") + 1) : output;

describe("a tee gets every byte", () => {
  it("of any kind, and is neither closed nor locked afterwards", async () => {
    const tee = new Collector();
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 256);
    const result = await run("cat", { ...here, input: bytes, tee: tee.stream });
    expect(result).toMatchObject({ ok: true, truncated: true, totalBytes: bytes.length });
    expect(result).not.toHaveProperty("teeError");
    expect(new Blob(tee.chunks as Uint8Array<ArrayBuffer>[]).size).toBe(bytes.length);
    expect(Buffer.concat(tee.chunks).equals(bytes)).toBe(true);
    const writer = tee.stream.getWriter();
    await writer.write(new Uint8Array([1]));
    await writer.close();
  });

  it("also when nothing is kept", async () => {
    const tee = new Collector();
    const result = await run("echo one; echo two >&2; exit 3", { ...here, maxOutput: 0, tee: tee.stream });
    expect(result).toMatchObject({ exitCode: 3, truncated: true, totalBytes: 8 });
    expect(tee.text).toBe("one\ntwo\n");
  });

  it("also when the run times out", async () => {
    const tee = new Collector();
    const result = await run(endless, { ...here, timeout: 1_000, tee: tee.stream });
    expect(result).toMatchObject({
      reason: "timeout",
      truncated: true,
      complete: true,
      totalBytes: tee.size,
    });
    expect(tee.text.endsWith(kept(result))).toBe(true);
  });

  it("also when the run is canceled", async () => {
    const tee = new Collector();
    const controller = new AbortController();
    tee.onWrite = () => tee.size > 500_000 ? controller.abort() : undefined;
    const result = await run(endless, { ...here, signal: controller.signal, tee: tee.stream });
    expect(result).toMatchObject({
      reason: "canceled",
      truncated: true,
      complete: true,
      totalBytes: tee.size,
    });
    expect(tee.text.endsWith(kept(result))).toBe(true);
  });

  it("as its own: what it does to a chunk, the result does not see", async () => {
    const sizes: number[] = [];
    const tee = new WritableStream<Uint8Array<ArrayBuffer>>({
      write: (chunk) => {
        sizes.push(chunk.length);
        structuredClone(chunk, { transfer: [chunk.buffer] });
      },
    });
    const result = await run("head -c 100000 /dev/zero | tr '\\0' x", { ...here, maxOutput: Infinity, tee });
    expect(result.output).toBe("x".repeat(100_000));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100_000);
  });
});

describe("a tee that writes over what it gets", () => {
  for (const maxOutput of [100, 50_000, 400_000]) {
    it(`does not change the result, of which ${maxOutput} bytes are kept`, async () => {
      const tee = new WritableStream<Uint8Array>({ write: (chunk) => void chunk.fill(0x21) });
      const result = await run("yes 'a line of text' | head -c 1500000", { ...here, maxOutput, tee });
      expect(kept(result)).toBe("a line of text\n".repeat(Math.floor(maxOutput / 15)));
    });
  }
});

describe("a tee that is slow", () => {
  it("holds the command back, in memory of about a read-ahead", async () => {
    const backend = new ScriptedBackend();
    const tee = new Collector();
    let open!: () => void;
    tee.onWrite = () => new Promise((resolve) => open = resolve);
    const running = run("cat", {
      ...here,
      executor: createExecutor({ backend }),
      maxOutput: Infinity,
      tee: tee.stream,
    });
    await expect.poll(() => backend.children.length).toBe(1);
    const { child } = backend;
    const chunk = new Uint8Array(64 * 1_024);
    child.out.push(...Array.from({ length: 256 }, () => chunk.slice()));
    await expect.poll(() => tee.chunks.length).toBe(1);
    for (let turn = 0; turn < 10; turn++) await settle();
    expect(child.out.pulled).toBeLessThanOrEqual(2 * 1_024 * 1_024);
    tee.onWrite = () => {};
    open();
    child.out.end();
    child.exitWith(0);
    const result = await running;
    expect(result).toMatchObject({ ok: true, totalBytes: 16 * 1_024 * 1_024, complete: true });
    expect(tee.size).toBe(16 * 1_024 * 1_024);
  });
});

describe("a tee that fails is told of, and the result is not lost", () => {
  const failing: Record<string, () => WritableStream<Uint8Array>> = {
    "at once": () => new WritableStream({ write: () => Promise.reject(new Error("no room")) }),
    "by throwing": () =>
      new WritableStream({
        write: () => {
          throw new Error("no room");
        },
      }),
    "later": () => {
      let size = 0;
      return new WritableStream({
        write: (chunk) => {
          if ((size += chunk.length) > 100_000) throw new Error("no room");
        },
      });
    },
    "before anything was printed": () =>
      new WritableStream({ start: (controller) => controller.error(new Error("no room")) }),
  };
  for (const [when, tee] of Object.entries(failing)) {
    it(when, async () => {
      const command = "head -c 1000000 /dev/zero | tr '\\0' x; echo end >&2; exit 3";
      const result = await run(command, { ...here, maxOutput: Infinity, tee: tee() });
      expect(result).toMatchObject({ reason: "nonzero", exitCode: 3, complete: true, truncated: false });
      expect(result.output).toBe("x".repeat(1_000_000) + "end\n");
      expect(result.teeError).toMatchObject({
        kind: "INTERNAL",
        reason: "internal",
        cause: { message: "no room" },
      });
      expect(result.teeError!.message).toContain("no room");
    });
  }

  it("because it was closed", async () => {
    const tee = new WritableStream<Uint8Array>();
    await tee.close();
    const result = await run("echo x", { ...here, tee });
    expect(result).toMatchObject({ ok: true, output: "x\n", teeError: { reason: "internal" } });
    expect(tee.locked).toBe(false);
  });

  it.skipIf(!existsSync("/dev/full"))("because its disk is full", async () => {
    const full = await open("/dev/full", "w");
    onTestFinished(() => full.close());
    const tee = new WritableStream<Uint8Array>({ write: async (chunk) => void await full.write(chunk) });
    const result = await run("echo out; echo err >&2", { ...here, tee });
    expect(result).toMatchObject({ ok: true, output: "out\nerr\n", teeError: { cause: { code: "ENOSPC" } } });
  });

  it("while the run times out", async () => {
    const tee = failing["later"]!();
    const result = await run(`echo pid $$; ${endless}`, {
      ...here,
      timeout: 2_000,
      maxOutput: Infinity,
      tee,
    });
    expect(result).toMatchObject({
      reason: "timeout",
      complete: true,
      teeError: { cause: { message: "no room" } },
    });
    expectNoneLeft(result.output);
  });
});

describe.concurrent("a tee that never takes what it gets", () => {
  it("does not keep a run that times out from answering, with all the output there was", async () => {
    const command = "echo pid $$; head -c 300000 /dev/zero | tr '\\0' x; echo; echo end; sleep 60";
    const result = await within(
      3_000,
      run(command, { ...here, timeout: 2_000, maxOutput: Infinity, tee: stuck() }),
    );
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ ok: false, reason: "timeout", complete: true });
    expect(result.output).toMatch(/^pid \d+\nx{300000}\nend\n$/);
    expect(result.teeError).toMatchObject({ kind: "TIMEOUT", reason: "timed_out" });
  });

  it("does not keep a run that is done from answering at its timeout, with its result", async () => {
    const result = await within(
      2_000,
      run("echo one; echo two; exit 3", { ...here, timeout: 1_000, tee: stuck() }),
    );
    expect(result).toMatchObject({ reason: "nonzero", exitCode: 3, output: "one\ntwo\n", complete: true });
    expect(result.teeError).toMatchObject({ reason: "timed_out" });
  });

  it("does not keep an abort from being answered within a second", async () => {
    const controller = new AbortController();
    const tee = stuck();
    const { signal } = controller;
    const running = run("echo pid $$; exec sleep 60", {
      ...here,
      tee,
      signal,
      onOutput: () => controller.abort(),
    });
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    const result = await within(1_000, running);
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ reason: "canceled", teeError: { reason: "timed_out" } });
    expect(tee.locked).toBe(false);
  });

  it.skipIf(!isInstalled("setsid"))(
    "does not cost the output of what escaped, which is drained as ever",
    async () => {
      const command = "setsid sh -c 'echo escapee $$; exec sleep 60' & echo pid $$; sleep 60";
      const result = await within(3_000, run(command, { ...here, timeout: 2_000, tee: stuck() }));
      for (const pid of pidsIn(result.output, "escapee")) if (isRunning(pid)) killAll(pid);
      expectNoneLeft(result.output);
      expect(result).toMatchObject({ reason: "timeout", complete: false, teeError: { reason: "timed_out" } });
      expect(pidsIn(result.output, "escapee")).toHaveLength(1);
    },
  );
});
