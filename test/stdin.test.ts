/**
 * What a process is fed: writes in order, backpressure, end of input, and a child that takes no more.
 */
import { describe, expect, it } from "vitest";
import type { Process } from "../src/process.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { type RunningScene, runningScene } from "./support/scene.ts";
import { bytesOf, type ScriptedSink } from "./support/scripted_backend.ts";

async function fed(): Promise<RunningScene & { sink: ScriptedSink }> {
  const running = await runningScene();
  return { ...running, sink: running.child.stdin! };
}

const PENDING = "(pending)";

describe("writeStdin", () => {
  it("sends text as UTF-8 and bytes as they are, in order", async () => {
    const { process, sink } = await fed();
    await Promise.all([
      process.writeStdin("grüße "),
      process.writeStdin(bytesOf("世界 ")),
      process.writeStdin("😀"),
    ]);
    expect(sink.written).toBe("grüße 世界 😀");
  });

  it("resolves only when the child takes the bytes, and hands over one write at a time", async () => {
    const { process, sink } = await fed();
    sink.stall();
    const [first, second] = [process.writeStdin("a"), process.writeStdin("b")];
    expect([await outcome(() => first), await outcome(() => second)]).toEqual([PENDING, PENDING]);
    expect(sink.writes).toHaveLength(1);
    sink.resume();
    await Promise.all([first, second]);
    expect(sink.written).toBe("ab");
  });

  it.each([["an empty string", ""], ["no bytes", new Uint8Array(0)]])(
    "of %s is the end of input",
    async (_, data) => {
      const { process, sink } = await fed();
      await process.writeStdin("a");
      await process.writeStdin(data);
      expect([sink.written, sink.closed, sink.writes.length]).toEqual(["a", true, 1]);
    },
  );

  it("after the end of input is stdin_closed, and a second end is none", async () => {
    const { process, sink } = await fed();
    await process.closeStdin();
    const error = await failure(process.writeStdin("a"));
    expect(error).toMatchObject({ kind: "UNAVAILABLE", reason: "stdin_closed", retryable: false });
    expect(error.message).toContain("its end was sent before");
    await process.closeStdin();
    await process.writeStdin("");
    expect(sink.writes).toHaveLength(0);
  });

  it("before the end of input is still sent, though the end was asked for meanwhile", async () => {
    const { process, sink } = await fed();
    sink.stall();
    const written = [process.writeStdin("a"), process.writeStdin("b")];
    const ended = process.closeStdin();
    expect([await outcome(() => ended), sink.closed]).toEqual([PENDING, false]);
    sink.resume();
    await Promise.all([...written, ended]);
    expect([sink.written, sink.closed]).toEqual(["ab", true]);
  });

  it("to a child that closed its stdin is stdin_closed with the cause, and the process lives on", async () => {
    const { process, child, sink } = await fed();
    sink.broken = new Error("EPIPE");
    const error = await failure(process.writeStdin("a"));
    expect(error).toMatchObject({ reason: "stdin_closed", cause: sink.broken });
    expect(error.message).toContain("the process closed it");
    expect(await failure(process.writeStdin("b"))).toMatchObject({ reason: "stdin_closed" });
    await process.closeStdin();
    expect(process.state).toBe("running");
    child.exitWith(0);
    expect(await process.wait()).toBe(0);
  });

  it("to a sink that throws instead of rejecting is stdin_closed too", async () => {
    const { process, sink } = await fed();
    sink.write = () => {
      throw new Error("EPIPE");
    };
    expect(await failure(process.writeStdin("a"))).toMatchObject({ reason: "stdin_closed" });
  });

  it("that waits when the process exits is stdin_closed, and so are those behind it", async () => {
    const { process, child, sink } = await fed();
    sink.stall();
    const errors = Promise.all(
      [process.writeStdin("a"), process.writeStdin("b")].map((write) => failure(write)),
    );
    const ended = process.closeStdin();
    await settle();
    child.exitWith(0);
    for (const error of await errors) {
      expect(error).toMatchObject({ reason: "stdin_closed" });
      expect(error.message).toContain("the process has exited");
    }
    await ended;
    expect([sink.closed, sink.written]).toEqual([true, ""]);
  });

  it("that waits when the process is closed does not hang", async () => {
    const { process, sink } = await fed();
    sink.stall();
    const write = failure(process.writeStdin("a"));
    await process.close();
    expect(await write).toMatchObject({ reason: "stdin_closed" });
  });

  it("after a failed end of input does not bring that failure up", async () => {
    const { process, child, sink } = await fed();
    sink.close = () => Promise.reject(new Error("EPIPE"));
    await process.closeStdin();
    child.exitWith(0);
    expect(await process.wait()).toBe(0);
  });

  it.each([[5], [null], [undefined], [[97]], [{}], [new ArrayBuffer(1)]])("refuses %s", async (data) => {
    const { process, sink } = await fed();
    const error = await failure(process.writeStdin(data as string));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toMatch(/^writeStdin takes a string or a Uint8Array, got /);
    expect([sink.writes.length, sink.closed]).toEqual([0, false]);
  });

  it("nobody waits for may fail without anyone noticing", async () => {
    const { process, child, sink } = await fed();
    sink.stall();
    process.writeStdin("a").catch(() => {});
    child.exitWith(0);
    expect(await process.wait()).toBe(0);
  });
});

describe("the end of the process", () => {
  it("gives up the descriptor of a stdin nobody ended", async () => {
    const { process, child, sink } = await fed();
    child.exitWith(0);
    await process.wait();
    expect(sink.closed).toBe(true);
  });

  it.each<[name: string, close: () => Promise<void>]>([
    ["rejects", () => Promise.reject(new Error("gone"))],
    ["throws", () => {
      throw new Error("gone");
    }],
  ])("is seen though the backend %s when the descriptor is given up", async (_, close) => {
    const { process, child, sink } = await fed();
    sink.close = close;
    child.exitWith(4);
    expect(await outcome(() => process.wait())).toBe(4);
  });
});

describe("stdin as a Web Stream", () => {
  const writerOf = (process: Process) => process.stdin.getWriter();

  it("is the same object each time", async () => {
    const { process } = await fed();
    expect(process.stdin).toBe(process.stdin);
  });

  it("takes bytes with backpressure, and closing it is the end of input", async () => {
    const { process, sink } = await fed();
    const writer = writerOf(process);
    sink.stall();
    const write = writer.write(bytesOf("a"));
    expect([await outcome(() => write), await outcome(() => writer.ready)]).toEqual([PENDING, PENDING]);
    sink.resume();
    await write;
    await writer.close();
    expect([sink.written, sink.closed]).toEqual(["a", true]);
    expect(await failure(process.writeStdin("b"))).toMatchObject({ reason: "stdin_closed" });
  });

  it("takes no empty chunk for the end", async () => {
    const { process, sink } = await fed();
    const writer = writerOf(process);
    await writer.write(new Uint8Array(0));
    await writer.write(bytesOf("a"));
    expect([sink.written, sink.closed]).toEqual(["a", false]);
  });

  it("that is aborted is the end of input", async () => {
    const { process, sink } = await fed();
    await writerOf(process).abort(new Error("enough"));
    expect(sink.closed).toBe(true);
  });

  it("can be piped into", async () => {
    const { process, sink } = await fed();
    const chunks = ["grü", "ße"].map(bytesOf);
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const chunk = chunks.shift();
        chunk ? controller.enqueue(chunk) : controller.close();
      },
    });
    await source.pipeTo(process.stdin);
    expect([sink.written, sink.closed]).toEqual(["grüße", true]);
  });

  it("fails with stdin_closed when the child takes no more", async () => {
    const { process, child } = await fed();
    const writer = writerOf(process);
    writer.closed.catch(() => {});
    child.exitWith(0);
    await process.wait();
    expect(await failure(writer.write(bytesOf("a")))).toMatchObject({ reason: "stdin_closed" });
  });

  it("may be ended after the exit", async () => {
    const { process, child } = await fed();
    const writer = writerOf(process);
    child.exitWith(0);
    await process.wait();
    await writer.close();
  });

  it.each([[5], [null], [undefined], [{}], [[97]]])("refuses the chunk %s", async (chunk) => {
    const { process } = await fed();
    const writer = writerOf(process);
    writer.closed.catch(() => {});
    expect(await failure(writer.write(chunk as unknown as Uint8Array))).toMatchObject({
      reason: "invalid_option",
    });
  });
});
