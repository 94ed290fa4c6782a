import { describe, expect, it } from "vitest";
import { type Input, run, type RunOptions } from "../mod.ts";
import { isInstalled } from "./support/installed.ts";
import { failure } from "./support/outcome.ts";
import { expectNoneLeft } from "./support/pids.ts";
import { until } from "./support/within.ts";

const here = { cwd: "." };
const encoder = new TextEncoder();
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Lines that go to stdout and stderr in turn, from a loop in the shell. */
const alternating = (lines: number) =>
  `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); echo "line $i" >&2; i=$((i+1)); done`;
const numbered = (lines: number) => Array.from({ length: lines }, (_, i) => `line ${i}\n`).join("");

/** The size of a text, as a notice gives it. */
const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)}KB`;

describe("stdout and stderr come in the order written", () => {
  it("by one process, thousands of lines in turn", async () => {
    const result = await run(alternating(10_000), { ...here, maxOutput: Infinity });
    expect(result).toMatchObject({ ok: true, ordered: true, complete: true, truncated: false });
    expect(result.output).toBe(numbered(10_000));
  });

  it("by processes one after another, each of which writes to both", async () => {
    const command = `for i in 0 1 2 3 4 5 6 7 8 9; do sh -c 'echo "out $0"; echo "err $0" >&2' $i; done`;
    const { output } = await run(command, here);
    expect(output).toBe(Array.from({ length: 10 }, (_, i) => `out ${i}\nerr ${i}\n`).join(""));
  });

  it("also without newlines, and when one of them is large", async () => {
    const { output } = await run(
      "printf a; printf b >&2; head -c 300000 /dev/zero | tr '\\0' x; printf c >&2; printf d",
      {
        ...here,
        maxOutput: Infinity,
      },
    );
    expect(output).toBe(`ab${"x".repeat(300_000)}cd`);
  });
});

describe("output that is too long", () => {
  const text = numbered(10_000);

  it("is cut at the start of a line, with a notice that tells both sizes", async () => {
    const { output, truncated, totalBytes } = await run(alternating(10_000), { ...here, maxOutput: 49_995 });
    expect({ truncated, totalBytes }).toEqual({ truncated: true, totalBytes: text.length });
    const start = text.indexOf("\n", text.length - 49_995) + 1;
    const sizes = `${kilobytes(text.length - start)} of ${kilobytes(text.length)}`;
    expect(output).toBe(`...(truncated, showing last ${sizes})\n${text.slice(start)}`);
  });

  it("is cut to 50 000 bytes by default", async () => {
    const { output } = await run(alternating(10_000), here);
    expect(text.at(-50_001)).toBe("\n");
    expect(output).toBe(`...(truncated, showing last 48.8KB of 96.6KB)\n${text.slice(-50_000)}`);
  });

  it("is not cut when it is exactly as long as the limit", async () => {
    const command = "printf '12345\\n67890\\n'";
    expect(await run(command, { ...here, maxOutput: 12 })).toMatchObject({
      output: "12345\n67890\n",
      truncated: false,
    });
    const cut = await run(command, { ...here, maxOutput: 11 });
    expect(cut).toMatchObject({ output: "...(truncated, showing last 6B of 12B)\n67890\n", truncated: true });
    expect(await run(command, { ...here, maxOutput: 11.9 })).toEqual({
      ...cut,
      durationMs: expect.any(Number),
    });
  });

  it("keeps the end of a line that is longer than the limit, from the start of a character", async () => {
    const result = await run("printf 'aé€😀z'", { ...here, maxOutput: 4 });
    expect(result).toMatchObject({ output: "...(truncated, showing last 1B of 11B)\nz", truncated: true });
    const long = await run("head -c 1000000 /dev/zero | tr '\\0' x", { ...here, maxOutput: 2_048 });
    expect(long.output).toBe(`...(truncated, showing last 2.0KB of 976.6KB)\n${"x".repeat(2_048)}`);
  });

  it("is kept whole without a limit, and not at all with a limit of 0", async () => {
    const command = "head -c 5000000 /dev/zero | tr '\\0' x; echo";
    const whole = await run(command, { ...here, maxOutput: Infinity });
    expect(whole).toMatchObject({ truncated: false, totalBytes: 5_000_001 });
    expect(whole.output.length).toBe(5_000_001);
    const none = await run(command, { ...here, maxOutput: 0 });
    expect(none.output).toBe("...(truncated, showing last 0B of 4.8MB)\n");
    expect(none).toMatchObject({ truncated: true, totalBytes: 5_000_001 });
  });
});

describe("bytes", () => {
  it("that are no text become replacement characters, all 256 of them and NUL", async () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
    const result = await run("cat", { ...here, input: bytes });
    expect(result).toMatchObject({ ok: true, totalBytes: 512, output: decode(bytes) });
    expect(result.output).toContain("\0");
    expect((await run("printf 'a\\0b'; printf '\\303('; printf '\\377'", here)).output).toBe(
      "a\0b\ufffd(\ufffd",
    );
  });

  it("that mean something to a terminal are untouched", async () => {
    const text = "\ufeff\x1b[31mred\x1b[0m\r\n50%\r100%\b\x07\t\x1b]0;title\x07\n";
    expect((await run("cat", { ...here, input: text })).output).toBe(text);
  });
});

describe("stdin", () => {
  it("is empty, so that what reads it ends", async () => {
    expect(await run("cat; wc -c; read x || echo end", here)).toMatchObject({
      output: expect.stringMatching(/^0\nend\n$/),
    });
  });

  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 70_001) {
      yield await Promise.resolve(bytes.subarray(at, at + 70_001));
    }
  }
  const inputs: Record<string, () => Input> = {
    "a string": () => decode(bytes),
    "bytes": () => bytes,
    "an async iterable": pieces,
  };
  for (const [name, input] of Object.entries(inputs)) {
    it(`is fed with ${name} of megabytes`, async () => {
      const given = input();
      const expected = typeof given === "string" ? encoder.encode(given) : bytes;
      const result = await run("cat", { ...here, input: given, maxOutput: Infinity });
      expect(result.totalBytes).toBe(expected.length);
      expect(result.output === decode(expected)).toBe(true);
    });

    it(`that nobody reads does not matter, as ${name}`, async () => {
      expect(await run("echo done; exit 4", { ...here, input: input() })).toMatchObject({
        exitCode: 4,
        output: "done\n",
      });
      const head = await run("head -c 3 | wc -c", { ...here, input: input() });
      expect(head).toMatchObject({ ok: true, output: "3\n" });
    });
  }

  it("may be empty in every form", async () => {
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    for (
      const input of [
        "",
        new Uint8Array(0),
        nothing(),
        (async function* () {
          yield new Uint8Array(0);
        })(),
      ]
    ) {
      expect(await run("wc -c", { ...here, input })).toMatchObject({ ok: true, output: "0\n" });
    }
  });

  it("that fails ends the run, and nothing of it is left", async () => {
    const reason = new Error("the source is gone");
    let output = "";
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield encoder.encode("first\n");
      await until(() => output.includes("pid"));
      throw reason;
    }
    const onOutput = (text: string) => void (output += text);
    const error = await failure(
      run("read x; echo pid $$; sleep 60", { ...here, input: failing(), onOutput }),
    );
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal", cause: reason });
    expectNoneLeft(output);
  });

  it("is given back when the command does not want more", async () => {
    let returned = false;
    const input: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          returned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    expect(await run("echo done", { ...here, input })).toMatchObject({ ok: true, output: "done\n" });
    expect(returned).toBe(true);
  });
});

describe("onOutput", () => {
  /** Runs a command whose steps wait for what was printed before to arrive. */
  async function lockstep(
    steps: string[],
    arrived: (bytes: number) => boolean,
    options: Partial<RunOptions>,
  ) {
    let bytes = 0;
    const tee = new WritableStream<Uint8Array>({ write: (chunk) => void (bytes += chunk.length) });
    async function* input(): AsyncGenerator<Uint8Array> {
      for (const [step] of steps.entries()) {
        await until(() => bytes > step && arrived(bytes));
        yield encoder.encode("\n");
      }
    }
    return await run(steps.map((step) => `${step}; read x`).join("; "), {
      ...here,
      tee,
      input: input(),
      ...options,
    });
  }

  it("gets text as it comes, in order, and all of it", async () => {
    const texts: string[] = [];
    const steps = ["printf 1", "printf 2 >&2", "printf 3"];
    // Each step is only taken once the text of the one before was given out.
    const result = await lockstep(steps, (bytes) => texts.length === bytes, {
      onOutput: (text) => texts.push(text),
    });
    expect(result).toMatchObject({ ok: true, output: "123" });
    expect(texts).toEqual(["1", "2", "3"]);
  });

  it("never gets a part of a character, however its bytes come", async () => {
    const texts: string[] = [];
    const bytes = [..."aé€😀z"].flatMap((character) => [...encoder.encode(character)]);
    const steps = [...bytes, 0xe2, 0x82].map((byte) => `printf '\\${byte.toString(8).padStart(3, "0")}'`);
    const result = await lockstep(steps, () => true, { onOutput: (text) => texts.push(text) });
    expect(texts).toEqual(["a", "é", "€", "😀", "z", "\ufffd"]);
    expect(result.output).toBe("aé€😀z\ufffd");
  });

  it("gets all of much output, also when little of it is kept", async () => {
    let text = "";
    const result = await run(alternating(10_000), {
      ...here,
      maxOutput: 10,
      onOutput: (more) => text += more,
    });
    expect(result.truncated).toBe(true);
    expect(text).toBe(numbered(10_000));
  });

  it("that throws ends the run, its error reaches the caller, and nothing is left", async () => {
    const reason = new Error("enough");
    let output = "";
    const onOutput = (text: string) => {
      output += text;
      throw reason;
    };
    const start = performance.now();
    const error = await failure(
      run("trap '' TERM; echo pid $$; sleep 60 & echo pid $!; wait", { ...here, onOutput }),
    );
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal", cause: reason });
    expect(error.message).toContain("enough");
    expect(performance.now() - start).toBeLessThan(10_000);
    expectNoneLeft(output);
  });

  it("that throws at the very end is told just the same", async () => {
    const reason = new Error("enough");
    const onOutput = () => {
      throw reason;
    };
    expect(await failure(run("printf '\\303'", { ...here, onOutput }))).toMatchObject({ cause: reason });
  });

  it.skipIf(!isInstalled("setsid"))("is not called any more once the run has answered", async () => {
    const texts: string[] = [];
    const command = "setsid sh -c 'echo escapee; while sleep 0.01; do echo on || exit; done' & sleep 60";
    const result = await run(command, { ...here, timeout: 600, onOutput: (text) => texts.push(text) });
    expect(result).toMatchObject({ reason: "timeout", complete: false });
    expect(texts.join("")).toBe(result.output);
    const { length } = texts;
    await run("sleep 0.1", here);
    expect(texts.length).toBe(length);
  });
});
