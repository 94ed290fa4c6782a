import process from "node:process";
import { describe, expect, it } from "vitest";
import { freeMemory } from "../backends/free_memory.ts";
import { type Backend, type ByteSource, createExecutor, createRunner } from "../mod.ts";
import { spareBuffers } from "../backends/spare_buffers.ts";
import { readableSource } from "../backends/web_streams.ts";

const SIZE = 64 * 1024;

/** Lines that tell where they are from, so that a byte out of place is seen. */
function textOf(bytes: number): string {
  let text = "";
  for (let line = 0; text.length < bytes; line++) text += `line ${line} of the output\n`;
  return text;
}

/** A source that overwrites whatever it gets back, at once, and counts. */
class HostileSource implements ByteSource {
  readonly #chunks: Uint8Array[];
  readonly given = new Set<ArrayBufferLike>();
  recycled = 0;
  wrong = 0;
  #end!: () => void;
  readonly ended = new Promise<void>((resolve) => this.#end = resolve);

  constructor(text: string, size = SIZE) {
    const bytes = new TextEncoder().encode(text);
    this.#chunks = [];
    for (let at = 0; at < bytes.length; at += size) this.#chunks.push(bytes.slice(at, at + size));
  }

  read(): Promise<Uint8Array | null> {
    const chunk = this.#chunks.shift() ?? null;
    chunk ? this.given.add(chunk.buffer) : this.#end();
    return Promise.resolve(chunk);
  }

  recycle(chunk: Uint8Array): void {
    // A chunk that is not one of its own, or comes twice, would be two readers' memory at once.
    if (!this.given.delete(chunk.buffer)) this.wrong++;
    new Uint8Array(chunk.buffer).fill(0x21);
    this.recycled++;
  }

  close(): void {}
}

function backendOf(stdout: HostileSource): Backend {
  return {
    name: "hostile",
    capabilities: { processGroups: true, mergedOutput: true, killOnHostExit: true },
    spawn: () =>
      Promise.resolve({
        pid: 4_000_000,
        stdout,
        exit: stdout.ended.then(() => ({ code: 0 })),
        kill: () => {},
        groupGone: () => true,
      }),
  };
}

const shell = ["/bin/sh", ["-c"]] as const;

describe("memory given back to a source", () => {
  for (const maxOutput of [0, 100, 20_000, 50_000, 70_000, 400_000, Infinity]) {
    for (const size of [SIZE, 1_000, 16 * 1024, 40_000]) {
      it(`is not looked at any more by run, of which ${maxOutput} bytes are kept, in chunks of ${size}`, async () => {
        const text = textOf(1_000_000);
        const source = new HostileSource(text, size);
        const runner = createRunner({
          cwd: "/",
          shell,
          maxOutput,
          executor: createExecutor({ backend: backendOf(source) }),
        });
        const { output, totalBytes } = await runner.run("anything");
        expect(totalBytes).toBe(text.length);
        const kept = output.replace(/^\.\.\.\(truncated.*\n/, "");
        expect(text.endsWith(kept)).toBe(true);
        if (maxOutput > 100) expect(kept.length).toBeGreaterThan(Math.min(maxOutput, text.length) - 100);
        expect(source.wrong).toBe(0);
        // Else nothing is gained by it.
        if (maxOutput < 400_000) expect(source.recycled).toBeGreaterThan(0);
      });
    }
  }

  it("is never what a tee was given", async () => {
    const text = textOf(4_000_000);
    const source = new HostileSource(text);
    const teed: Uint8Array[] = [];
    let heard = "";
    await createRunner({ cwd: "/", shell, executor: createExecutor({ backend: backendOf(source) }) }).run(
      "any",
      {
        tee: new WritableStream({ write: (chunk) => void teed.push(chunk) }),
        onOutput: (part) => heard += part,
      },
    );
    expect(teed.map((chunk) => new TextDecoder().decode(chunk)).join("")).toBe(text);
    expect(heard).toBe(text);
    // What a tee gets it may keep.
    expect(source.recycled).toBe(0);
  });

  it("is not looked at any more by onOutput, nor by a run whose tee was lost", async () => {
    const text = textOf(4_000_000);
    const source = new HostileSource(text);
    let heard = "";
    const tee = new WritableStream({
      write: (_, controller) => controller.error(new Error("full")),
    });
    const runner = createRunner({
      cwd: "/",
      shell,
      executor: createExecutor({ backend: backendOf(source) }),
    });
    const { output, teeError } = await runner.run("any", { tee, onOutput: (part) => heard += part });
    expect(teeError).toBeDefined();
    expect(heard).toBe(text);
    expect(text.endsWith(output.slice(output.indexOf("\n") + 1))).toBe(true);
    expect(source.wrong).toBe(0);
    expect(source.recycled).toBeGreaterThan(10);
  });

  it("is not looked at any more by lines", async () => {
    const text = textOf(4_000_000);
    const source = new HostileSource(text);
    await using process = await createExecutor({ backend: backendOf(source) }).spawn("anything");
    const lines: string[] = [];
    for await (const line of process.stdoutStream().lines()) lines.push(line);
    expect(lines.join("\n") + "\n").toBe(text);
    expect(source.wrong).toBe(0);
    expect(source.recycled).toBeGreaterThan(10);
  });

  it("stays the next reader's where a loop over lines is left early", async () => {
    const text = textOf(300_000);
    const source = new HostileSource(text);
    await using process = await createExecutor({ backend: backendOf(source) }).spawn("anything");
    const stream = process.stdoutStream();
    let first = "";
    for await (const line of stream.lines({ preventCancel: true })) {
      first = line;
      break;
    }
    expect(`${first}\n${await stream.text()}`).toBe(text);
    expect(source.wrong).toBe(0);
  });

  it("is never what a reader was given to keep", async () => {
    const text = textOf(1_000_000);
    const source = new HostileSource(text);
    await using process = await createExecutor({ backend: backendOf(source) }).spawn("anything");
    const kept: Uint8Array[] = [];
    for await (const chunk of process.stdoutStream()) kept.push(chunk);
    expect(kept.map((chunk) => new TextDecoder().decode(chunk)).join("")).toBe(text);
    expect(source.recycled).toBe(0);
  });

  it("is given back by a stream that nobody asked for, once its beginning is kept", async () => {
    const text = textOf(3_000_000);
    const source = new HostileSource(text);
    await using process = await createExecutor({ backend: backendOf(source) }).spawn("anything");
    await process.wait();
    const stream = process.stdoutStream();
    let read = "";
    const reading = (async () => {
      for await (const chunk of stream) read += new TextDecoder().decode(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ reason: "buffer_exceeded" });
    expect(read.length).toBeGreaterThan(0);
    expect(text.startsWith(read)).toBe(true);
    expect(source.wrong).toBe(0);
    expect(source.recycled).toBeGreaterThan(10);
  });
});

describe("buffers for reads", () => {
  it("are of one size, whatever is given back, and not kept without end", () => {
    for (let i = 0; i < 100; i++) spareBuffers.put(new ArrayBuffer(SIZE));
    spareBuffers.put(new ArrayBuffer(8));
    const taken = Array.from({ length: 100 }, () => spareBuffers.take());
    expect(taken.every((buffer) => buffer.byteLength === SIZE)).toBe(true);
    expect(new Set(taken).size).toBe(100);
  });
});

describe("memory that is freed", () => {
  it("leaves nothing behind in the buffer, of small ones all", () => {
    const [large, small] = [new ArrayBuffer(SIZE), new ArrayBuffer(1000)];
    for (const buffer of [large, small, large]) freeMemory(buffer);
    expect([large.byteLength, small.byteLength]).toEqual([0, 1000]);
  });

  it("is left to the engine where a buffer may not be detached", () => {
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { Memory: new (options: { initial: number }) => { buffer: ArrayBuffer } };
    };
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    const shared = new SharedArrayBuffer(SIZE);
    for (const memory of [buffer, shared as unknown as ArrayBuffer]) freeMemory(memory);
    expect([buffer.byteLength, shared.byteLength]).toEqual([SIZE, SIZE]);
  });

  it("keeps no handle, and is not needed by what runs afterwards", async () => {
    freeMemory(new ArrayBuffer(SIZE));
    // A port is closed in the next turns.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve));
    const held = process.getActiveResourcesInfo?.().filter((name) => name === "MessagePort") ?? [];
    expect(held).toEqual([]);
    const again = new ArrayBuffer(SIZE);
    freeMemory(again);
    expect(again.byteLength).toBe(0);
  });
});

describe("a read that waits", () => {
  it("holds little memory until the stream is seen to be busy, because most processes are silent", async () => {
    const asked: number[] = [];
    const lengths = [10, Infinity, 100];
    const source = readableSource(
      new ReadableStream({
        type: "bytes",
        pull: (controller) => {
          const request = controller.byobRequest!;
          const room = request.view!.byteLength;
          asked.push(room);
          request.respond(Math.min(room, lengths.shift()!));
        },
      }),
    );
    const read = [];
    for (let i = 0; i < 3; i++) read.push((await source.read())!.length);
    expect(asked).toEqual([4096, 4096, SIZE]);
    expect(read).toEqual([10, 4096, 100]);
    await source.close();
  });
});

describe("real output through memory that is used again", () => {
  const backends = [{ mergeStderr: false }, { mergeStderr: true }];
  for (const { mergeStderr } of backends) {
    it(`is what was written, of many processes at a time, ${mergeStderr ? "merged" : "apart"}`, async () => {
      const executor = createExecutor();
      const outputs = await Promise.all(Array.from({ length: 6 }, async (_, i) => {
        const command = ["sh", "-c", `yes 'number ${i} of six' | head -c 700000`];
        const { stdout } = await executor.output(command, { mergeStderr });
        return stdout;
      }));
      outputs.forEach((bytes, i) => {
        const line = `number ${i} of six\n`;
        const expected = line.repeat(Math.ceil(700_000 / line.length)).slice(0, 700_000);
        expect(new TextDecoder().decode(bytes) === expected).toBe(true);
      });
    });
  }

  for (const { mergeStderr } of backends) {
    it(`stays what it was while later processes read, ${mergeStderr ? "merged" : "apart"}`, async () => {
      const executor = createExecutor();
      const kept: Uint8Array[][] = [];
      for (let i = 0; i < 12; i++) {
        const command = ["sh", "-c", `yes 'number ${10 + i} of many' | head -c 300000`];
        await using process = await executor.spawn(command, { mergeStderr });
        const chunks: Uint8Array[] = [];
        for await (const chunk of process.stdoutStream()) chunks.push(chunk);
        kept.push(chunks);
      }
      kept.forEach((chunks, i) => {
        const line = `number ${10 + i} of many\n`;
        const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
        expect(text === line.repeat(Math.ceil(300_000 / line.length)).slice(0, 300_000)).toBe(true);
      });
    });
  }

  for (const { mergeStderr } of backends) {
    it(`stays what a reader got, whoever reads the rest and how, ${mergeStderr ? "merged" : "apart"}`, async () => {
      const text = textOf(2_000_000);
      await using child = await createExecutor().spawn(["cat"], { mergeStderr });
      const written = child.writeStdin(text).then(() => child.closeStdin());
      const stream = child.stdoutStream();
      const decoder = new TextDecoder();
      const got: (Uint8Array | string)[] = [];
      let size = 0;
      const keep = (part: Uint8Array | string) => size += got.push(part) && part.length;
      for (let round = 0; size < text.length; round++) {
        for (const most of [10, Infinity, 70_000, 1]) keep(await stream.read(most) ?? "");
        let left = round % 3 === 2 ? 3_000 : 3;
        for await (const line of stream.lines({ preventCancel: true })) {
          keep(`${line}\n`);
          if (--left === 0) break;
        }
      }
      await written;
      await child.wait();
      expect(await stream.read()).toBe(null);
      expect(got.map((part) => typeof part === "string" ? part : decoder.decode(part)).join("")).toBe(text);
    });
  }

  for (const { mergeStderr } of backends) {
    it(`comes in chunks that may be transferred, each by itself, ${mergeStderr ? "merged" : "apart"}`, async () => {
      const program = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.01; done; yes | head -c 400000";
      await using process = await createExecutor().spawn(["sh", "-c", program], { mergeStderr });
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdoutStream()) chunks.push(chunk);
      let text = "";
      for (const chunk of chunks) {
        // Of a chunk whose memory went with another's nothing is left.
        const moved = structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
        text += new TextDecoder().decode(moved);
      }
      expect(text === "1\n2\n3\n4\n5\n6\n7\n8\n" + "y\n".repeat(200_000)).toBe(true);
    });
  }

  it("is what was written, of many runs at a time", async () => {
    const runner = createRunner({ cwd: "/", maxOutput: 200_000 });
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, i) => runner.run(`yes 'number ${i} of six' | head -c 1400000`)),
    );
    results.forEach(({ output, totalBytes }, i) => {
      expect(totalBytes).toBe(1_400_000);
      const lines = output.split("\n").slice(1, -1);
      expect(lines.length).toBeGreaterThan(10_000);
      expect(lines.every((line) => line === `number ${i} of six`)).toBe(true);
    });
  });
});
