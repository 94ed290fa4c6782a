/**
 * How much is read ahead, what bounds it, and when a stream ends whose pipe somebody still holds.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createExecutor } from "../src/local_executor.ts";
import type { ProcessOptions } from "../src/options.ts";
import type { Stream } from "../src/stream.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { runningScene } from "./support/scene.ts";
import { bytesOf, isFlood, patternFrom, ScriptedBackend } from "./support/scripted_backend.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const CHUNK = 64 * KiB;

/** A process that runs, with both streams asked for. */
async function claimed(options?: ProcessOptions) {
  const running = await runningScene(options);
  const [stdout, stderr] = [running.process.stdoutStream(), running.process.stderrStream()];
  return { ...running, stdout, stderr };
}

async function sizeOf(stream: Stream): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

describe("a stream nobody reads yet", () => {
  it("is read ahead for exactly 1 MiB; then the child feels backpressure", async () => {
    const { child } = await claimed();
    child.out.flood(64, CHUNK);
    await settle();
    expect([child.out.pulled, child.out.isRead]).toEqual([MiB, false]);
  });

  it("is read ahead to the first chunk that reaches 1 MiB", async () => {
    const { child } = await claimed();
    child.out.flood(20, 100_000);
    await settle();
    expect(child.out.pulled).toBe(1_100_000);
  });

  it("is pulled again as it is read, byte for byte", async () => {
    const { child, stdout } = await claimed();
    child.out.flood(64, CHUNK);
    await settle();
    for (
      const [read, pulled] of [[1, MiB + CHUNK], [CHUNK - 1, MiB + CHUNK], [1, MiB + 2 * CHUNK]] as const
    ) {
      expect(await stdout.read(read)).toHaveLength(read);
      await settle();
      expect(child.out.pulled).toBe(pulled);
    }
  });

  it.each([[200_000, 4 * CHUNK], [CHUNK, CHUNK], [1, CHUNK], [0, CHUNK]])(
    "is read ahead for less where maxBuffer is less: %d bytes",
    async (maxBuffer, pulled) => {
      const { child } = await claimed({ maxBuffer });
      child.out.flood(64, CHUNK);
      await settle();
      expect([child.out.pulled, child.kills]).toEqual([pulled, []]);
    },
  );

  it("costs a slow reader no more than the read-ahead, however much comes", async () => {
    const { child, stdout } = await claimed();
    child.out.flood(512, CHUNK).end();
    let taken = 0;
    for (let piece = await stdout.read(50_000); piece !== null; piece = await stdout.read(50_000)) {
      expect(isFlood(piece, taken)).toBe(true);
      taken += piece.length;
      await settle();
      expect(child.out.pulled - taken).toBeLessThan(MiB + CHUNK);
    }
    expect(taken).toBe(32 * MiB);
  });
});

describe("beyond the read-ahead a stream is pumped", () => {
  it("while a read of its sibling waits, and no longer", async () => {
    const { child, stdout } = await claimed();
    child.err.flood(32, CHUNK);
    await settle();
    expect(child.err.pulled).toBe(MiB);
    const read = stdout.read();
    await settle();
    expect(child.err.pulled).toBe(2 * MiB);
    child.out.push("here");
    await read;
    child.err.flood(16, CHUNK);
    await settle();
    // The one read of the source that was under way already is the last.
    expect([child.err.pulled, child.err.isRead]).toEqual([2 * MiB + CHUNK, false]);
  });

  it("while a wait is pending", async () => {
    const { process, child } = await claimed();
    child.out.flood(32, CHUNK);
    child.err.flood(32, CHUNK);
    const waited = process.wait();
    await settle();
    expect([child.out.pulled, child.err.pulled]).toEqual([2 * MiB, 2 * MiB]);
    child.exitWith(0);
    expect(await waited).toBe(0);
  });

  it.each(["text", "bytes"] as const)("while its %s, or its sibling's, is collected", async (method) => {
    const { child, stdout } = await claimed();
    child.out.flood(32, CHUNK);
    child.err.flood(32, CHUNK);
    const collected = stdout[method]();
    await settle();
    expect([child.out.pulled, child.err.pulled]).toEqual([2 * MiB, 2 * MiB]);
    child.exitWith(0);
    expect(await collected).toHaveLength(2 * MiB);
  });

  it("so that all of one and then all of the other can be read", async () => {
    const { process, child, stdout, stderr } = await claimed();
    child.err.flood(160, CHUNK);
    child.out.flood(160, CHUNK);
    const first = sizeOf(stdout);
    await settle();
    child.exitWith(0);
    expect([await first, await sizeOf(stderr), await process.wait()]).toEqual([10 * MiB, 10 * MiB, 0]);
  });
});

describe("past maxBuffer", () => {
  it("by not one byte nothing happens", async () => {
    const { process, child, stdout } = await claimed({ maxBuffer: 2 * MiB });
    const waited = process.wait();
    child.out.flood(32, CHUNK);
    await settle();
    expect([child.out.pulled, child.kills]).toEqual([2 * MiB, []]);
    child.exitWith(0);
    expect([await waited, await sizeOf(stdout)]).toEqual([0, 2 * MiB]);
  });

  it("by one byte the group is killed at once, and wait says why", async () => {
    const { process, child } = await claimed({ maxBuffer: 2 * MiB });
    const waited = failure(process.wait());
    child.out.flood(32, CHUNK).push("x");
    const error = await waited;
    expect(child.kills).toEqual(["SIGKILL group"]);
    expect(error).toMatchObject({ kind: "UNAVAILABLE", reason: "buffer_exceeded", retryable: false });
    expect(error.message).toBe(
      `More than ${2 * MiB} bytes of stdout came before they were read, and the process was ended: ` +
        `read the stream while the process runs, or raise "maxBuffer".`,
    );
    expect(error.details).toEqual({ stream: "stdout", maxBuffer: 2 * MiB });
    expect(process.exitStatus).toEqual({ code: 137, signal: "SIGKILL", timedOut: false, canceled: false });
  });

  it("readers get what is held, and then the error; the sibling just ends", async () => {
    const { process, child, stdout, stderr } = await claimed({ maxBuffer: 100 });
    const waited = failure(process.wait());
    child.err.push("fine");
    child.out.push(patternFrom(0, 60), patternFrom(60, 60), patternFrom(120, 60));
    const error = await waited;
    expect(await stdout.read()).toEqual(patternFrom(0, 60));
    expect(await stdout.read()).toEqual(patternFrom(60, 60));
    expect(await failure(stdout.read())).toBe(error);
    expect(await failure(stdout.text())).toBe(error);
    expect([stdout.complete, await stderr.text(), stderr.complete]).toEqual([false, "fine", true]);
  });

  it("of the sibling, a read that waits goes on to the end", async () => {
    const { process, child, stdout, stderr } = await claimed({ maxBuffer: 100 });
    const read = stdout.read();
    child.err.push(patternFrom(0, 101));
    expect(await read).toBeNull();
    expect(await stderr.read()).toHaveLength(101);
    expect(await failure(stderr.read())).toMatchObject({ reason: "buffer_exceeded" });
    expect(await failure(process.wait())).toMatchObject({ reason: "buffer_exceeded" });
  });

  it("text fails, as it holds everything", async () => {
    const { child, stdout } = await claimed({ maxBuffer: 100 });
    const text = failure(stdout.text());
    child.out.push(patternFrom(0, 101));
    expect(await text).toMatchObject({ reason: "buffer_exceeded" });
    expect(child.kills).toEqual(["SIGKILL group"]);
  });

  it("read-ahead that was over it already counts as soon as somebody waits", async () => {
    const { process, child } = await claimed({ maxBuffer: 100 });
    child.out.push(patternFrom(0, 101));
    await settle();
    expect(child.kills).toEqual([]);
    expect(await failure(process.wait())).toMatchObject({ reason: "buffer_exceeded" });
  });

  it("what comes after the exit kills what is left of the group, and the exit code stands", async () => {
    const { process, child, stdout } = await claimed({ maxBuffer: 100 });
    child.isGone = () => child.kills.length > 0;
    child.exitHoldingPipes(0);
    expect(await process.wait()).toBe(0);
    const text = failure(stdout.text());
    child.out.push(patternFrom(0, 101));
    expect(await text).toMatchObject({ reason: "buffer_exceeded" });
    await settle();
    expect([child.kills, await process.wait()]).toEqual([["SIGKILL group"], 0]);
  });

  it("is never, with Infinity", async () => {
    const { process, child, stdout } = await claimed({ maxBuffer: Infinity });
    const waited = process.wait();
    child.out.push(...Array<Uint8Array>(1100).fill(new Uint8Array(CHUNK)));
    child.exitWith(0);
    expect([await waited, await sizeOf(stdout)]).toEqual([0, 1100 * CHUNK]);
  });

  it("a reader that keeps up is never stopped, even with a maxBuffer of 0", async () => {
    const { process, child, stdout } = await claimed({ maxBuffer: 0 });
    let size = 0;
    const reading = (async () => {
      for await (const chunk of stdout) size += chunk.length;
    })();
    for (let i = 0; i < 100; i++) {
      child.out.push(patternFrom(0, 1000));
      await settle();
    }
    child.exitWith(0);
    await reading;
    expect([size, await process.wait(), child.kills]).toEqual([100_000, 0, []]);
  });
});

describe("a stream nobody asked for", () => {
  it("never blocks the child, and never ends it", async () => {
    const { process, child } = await runningScene({ maxBuffer: 100 });
    child.out.flood(64, CHUNK);
    child.err.flood(64, CHUNK);
    await settle();
    expect([child.out.pulled, child.err.pulled]).toEqual([4 * MiB, 4 * MiB]);
    child.exitWith(0);
    expect([await process.wait(), child.kills]).toEqual([0, []]);
  });

  it("of up to 1 MiB is all there when it is asked for late", async () => {
    const { process, child } = await runningScene();
    child.out.flood(16, CHUNK);
    child.exitWith(0);
    await process.wait();
    const bytes = await process.stdoutStream().bytes();
    expect([bytes.length, isFlood(bytes)]).toEqual([MiB, true]);
    expect(process.stdoutStream().complete).toBe(true);
  });

  it.each([CHUNK, 100_000, 3 * MiB])(
    "asked for late gives its first 1 MiB, in chunks of %d, and then says what is missing",
    async (size) => {
      const { process, child } = await runningScene();
      child.out.flood(Math.ceil((3 * MiB) / size), size);
      const discarded = Math.ceil((3 * MiB) / size) * size - MiB;
      await settle();
      const stream = process.stdoutStream();
      let got = 0;
      while (got < MiB) {
        const piece = (await stream.read())!;
        expect(isFlood(piece, got)).toBe(true);
        got += piece.length;
      }
      const error = await failure(stream.read());
      expect(error).toMatchObject({
        kind: "UNAVAILABLE",
        reason: "buffer_exceeded",
        details: { discarded, kept: MiB },
      });
      expect(error.message).toBe(
        `${discarded} bytes of stdout were thrown away before anyone asked for them: ` +
          `call stdoutStream() before or right after start.`,
      );
      expect([got, child.kills]).toEqual([MiB, []]);
    },
  );

  it("that lost bytes already still never blocks the child", async () => {
    const { process, child } = await runningScene();
    child.out.flood(32, CHUNK);
    await settle();
    process.stdoutStream();
    child.out.flood(64, CHUNK);
    await settle();
    expect(child.out.pulled).toBe(6 * MiB);
  });

  it("that lost bytes has no text", async () => {
    const { process, child } = await runningScene();
    child.out.flood(32, CHUNK);
    await settle();
    child.exitWith(0);
    expect(await failure(process.stdoutStream().text())).toMatchObject({ reason: "buffer_exceeded" });
  });
});

describe("after the exit, with somebody holding the pipe, a stream", () => {
  it("ends once it was quiet for drainIdle, 100 ms", async () => {
    const { clock, child, stdout } = await claimed();
    child.out.push("a");
    child.exitHoldingPipes(0);
    const text = stdout.text();
    await clock.advance(99);
    expect(await outcome(() => text)).toBe("(pending)");
    await clock.advance(1);
    expect([await text, stdout.complete]).toEqual(["a", false]);
  });

  it("is not quiet while bytes come", async () => {
    const { clock, child, stdout } = await claimed();
    child.exitHoldingPipes(0);
    const text = stdout.text();
    for (const word of ["late ", "later ", "latest"]) {
      await clock.advance(90);
      child.out.push(word);
    }
    await clock.advance(99);
    expect(await outcome(() => text)).toBe("(pending)");
    await clock.advance(1);
    expect(await text).toBe("late later latest");
  });

  it("ends at drainMax, 1 s, however much still comes", async () => {
    const { clock, child, stdout } = await claimed();
    child.exitHoldingPipes(0);
    const text = stdout.text();
    for (let i = 0; i < 33; i++) {
      child.out.push("tick ");
      await clock.advance(30);
    }
    expect(await outcome(() => text)).toBe("(pending)");
    await clock.advance(10);
    expect([await text, stdout.complete]).toEqual(["tick ".repeat(33), false]);
  });

  it("ends at drainMax even if every turn of the event loop brings more", async () => {
    const { clock, child, stdout } = await claimed({ drainIdle: Infinity });
    const text = stdout.text();
    child.exitHoldingPipes(0);
    await settle();
    let chatter = true;
    const chat = () => {
      if (!chatter) return;
      child.out.push("x");
      clock.setTimeout(chat, 0);
    };
    clock.setTimeout(chat, 1000);
    void text.then(() => chatter = false);
    await clock.advance(1000);
    expect(await text).toMatch(/^x{2,100}$/);
    expect(stdout.complete).toBe(false);
  });

  it("ends at its real end at once, complete, and leaves no timer", async () => {
    const { clock, process, child, stdout } = await claimed();
    child.exitHoldingPipes(0);
    await process.wait();
    expect(clock.pending).toBeGreaterThan(0);
    child.out.push("rest").end();
    child.err.end();
    expect([await stdout.text(), stdout.complete, clock.pending]).toEqual(["rest", true, 0]);
  });

  it("has what came after the exit event", async () => {
    const { process, child, stdout } = await claimed();
    child.exitHoldingPipes(0);
    await process.wait();
    child.out.push("the child's own last words").end();
    expect([await stdout.text(), stdout.complete]).toEqual(["the child's own last words", true]);
  });

  it.each<[options: ProcessOptions, end: number]>([
    [{ drainIdle: 20 }, 20],
    [{ drainIdle: 5000 }, 1000],
    [{ drainMax: 50 }, 50],
    [{ drainIdle: Infinity }, 1000],
    [{ drainMax: Infinity }, 100],
    [{ drainIdle: 3000, drainMax: 2 ** 40 }, 3000],
    [{ drainIdle: 2 ** 32, drainMax: Infinity }, 2 ** 32],
  ])("ends as the options %j say", async (options, end) => {
    const { clock, child, stdout } = await claimed(options);
    child.exitHoldingPipes(0);
    const text = stdout.text();
    await clock.advance(end - 1);
    expect(await outcome(() => text)).toBe("(pending)");
    await clock.advance(1);
    expect(await outcome(() => text)).toBe("");
    expect(clock.pending).toBe(0);
  });

  it("ends by no rule, but by close, when both are Infinity", async () => {
    const { clock, process, child, stdout } = await claimed({ drainIdle: Infinity, drainMax: Infinity });
    child.isGone = () => child.kills.length > 0;
    child.onKill = () => child.out.end();
    child.exitHoldingPipes(0);
    const text = stdout.text();
    await clock.advance(1e9);
    expect(await outcome(() => text)).toBe("(pending)");
    child.out.push("at last");
    await process.close();
    expect(await text).toBe("at last");
  });

  it.each<ProcessOptions>([{ drainIdle: 0 }, { drainMax: 0 }, { drainIdle: 0, drainMax: 0 }])(
    "still has what was in the pipe at the exit, with %j",
    async (options) => {
      const { clock, child, stdout } = await claimed(options);
      child.out.push("a", "b", "c");
      child.exitHoldingPipes(0);
      const text = stdout.text();
      await clock.advance(0);
      expect(await text).toBe("abc");
    },
  );

  it.each([["drainIdle", 100], ["drainMax", 1000]] as const)(
    "has what was in the pipe when the event loop was blocked beyond %s",
    async (_, when) => {
      const { clock, child, stdout } = await claimed();
      child.exitHoldingPipes(0);
      await settle();
      const text = stdout.text();
      // A loop that was blocked fires its timers first, in this order, and only then looks at the pipe.
      clock.setTimeout(() => child.out.push("in the pipe all along"), when);
      await clock.block(5000);
      expect(await text).toBe("in the pipe all along");
    },
  );

  it("is not taken for quiet because its reader is slow", async () => {
    const { clock, child, stdout } = await claimed();
    child.out.flood(24, CHUNK);
    await settle();
    child.exitHoldingPipes(0);
    await clock.advance(60_000);
    const bytes = await stdout.bytes();
    expect([bytes.length, isFlood(bytes)]).toEqual([24 * CHUNK, true]);
  });

  it("is not taken for quiet because its reader is slow and the buffer full", async () => {
    const { clock, child, stdout } = await claimed({ maxBuffer: MiB });
    child.out.flood(48, CHUNK);
    await settle();
    child.exitHoldingPipes(0);
    await clock.advance(999);
    expect(child.out.pulled).toBeLessThan(3 * MiB);
    child.out.end();
    expect([await sizeOf(stdout), stdout.complete]).toEqual([3 * MiB, true]);
  });

  it("loses nothing of a backend that holds more than a pipe does, however late the reader", async () => {
    const { clock, child, stdout } = await claimed();
    child.out.flood(64, CHUNK);
    await settle();
    child.exitWith(0);
    await clock.advance(60_000);
    expect(await sizeOf(stdout)).toBe(4 * MiB);
  });

  it("that ended is read on and thrown away, so that a descendant never blocks, until close", async () => {
    const { clock, process, child, stdout } = await claimed();
    child.isGone = () => child.kills.length > 0;
    child.exitHoldingPipes(0);
    await clock.advance(100);
    expect([await stdout.text(), child.out.closed]).toEqual(["", false]);
    child.out.flood(64, CHUNK);
    await settle();
    expect([child.out.pulled, await stdout.read()]).toEqual([4 * MiB, null]);
    await process.close();
    expect(child.out.closed).toBe(true);
  });

  it.each<[name: string, options: ProcessOptions]>([
    ["closed", {}],
    ["timed out", { timeout: 1 }],
  ])(
    "of a process that was %s ends after drainIdle, as only what escaped can hold the pipe",
    async (_, options) => {
      const { clock, process, child, stdout } = await claimed(options);
      child.onKill = () => child.exitHoldingPipes(0);
      const text = stdout.text();
      if (options.timeout) await clock.advance(1);
      else await process.close();
      for (let i = 0; i < 10; i++) {
        child.out.push("x");
        await clock.advance(10);
      }
      expect(await outcome(() => text)).toBe("x".repeat(10));
      expect(stdout.complete).toBe(false);
    },
  );
});

describe("with the runtime's own timers", () => {
  /** A process whose stdout somebody holds after its exit. */
  async function heldAfterExit(options?: ProcessOptions) {
    const backend = new ScriptedBackend();
    const process = await createExecutor({ backend }).spawn("server", options);
    const stream = process.stdoutStream();
    const exitedAt = performance.now();
    backend.child.exitHoldingPipes(0);
    await process.wait();
    return { out: backend.child.out, process, stream, exitedAt };
  }

  it("a quiet pipe ends after drainIdle", async () => {
    const { out, process, stream, exitedAt } = await heldAfterExit();
    out.push("a");
    expect([await stream.text(), stream.complete]).toEqual(["a", false]);
    expect(performance.now() - exitedAt).toBeGreaterThan(98);
    await process.close();
  });

  it("a chatty pipe ends at drainMax", async () => {
    const { out, process, stream, exitedAt } = await heldAfterExit({ drainIdle: 150, drainMax: 300 });
    const chatter = setInterval(() => out.push("x"), 10);
    expect(await stream.text()).toMatch(/^x+$/);
    clearInterval(chatter);
    expect(stream.complete).toBe(false);
    expect(performance.now() - exitedAt).toBeGreaterThan(298);
    await process.close();
  });

  it.each<ProcessOptions>([{ drainIdle: 20 }, { drainMax: 20 }, { drainIdle: 20, drainMax: 20 }])(
    "a blocked event loop loses nothing of what lies in the pipe, with %j",
    async (options) => {
      for (let i = 0; i < 5; i++) {
        const { out, process, stream } = await heldAfterExit(options);
        const text = stream.text();
        // What the loop finds only after its timers, as it does bytes of a pipe.
        void turn().then(() => out.push("in the pipe all along"));
        for (const start = performance.now(); performance.now() - start < 40;);
        expect(await text).toBe("in the pipe all along");
        await process.close();
      }
    },
  );

  it("a stream that ended leaves no timer that keeps the host alive", async () => {
    const { out, process, stream } = await heldAfterExit({ drainIdle: 60_000, drainMax: 60_000 });
    const text = stream.text();
    await sleep(5);
    out.push(bytesOf("end")).end();
    expect(await text).toBe("end");
    await process.close();
  });
});
