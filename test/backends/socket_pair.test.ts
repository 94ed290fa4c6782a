import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closeIdleSocketPairs, takeSocketPair } from "../../backends/socket_pair.ts";
import { root, runnable } from "../support/host.ts";

const DENO = "Deno" in globalThis;
const LINUX = process.platform === "linux";

let scratch: string;
let temporary: string;
const before = process.env.TMPDIR;

beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "pair-test-")));
});

beforeEach(() => {
  // A directory of its own, so that what is left behind there is ours.
  temporary = mkdtempSync(join(scratch, "t-"));
  process.env.TMPDIR = temporary;
});

afterEach(() => {
  closeIdleSocketPairs();
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

afterAll(() => rmSync(scratch, { recursive: true }));

interface Merged {
  child: ChildProcess;
  text: string;
  exit: Promise<unknown[]>;
  end: Promise<void>;
}

/** Starts a command with both outputs on one pair; `pace` is called after every chunk with what is still to be read. */
async function start(
  command: string,
  pace?: (resume: () => void, buffered: number) => void,
): Promise<Merged> {
  const { host, child: end } = await takeSocketPair();
  const child = spawn("/bin/sh", ["-c", command], { detached: true, stdio: ["pipe", end, end] });
  end.destroy();
  const merged: Merged = {
    child,
    text: "",
    exit: once(child, "exit"),
    end: once(host, "close").then(() => {}),
  };
  host.on("data", (chunk: Uint8Array) => {
    merged.text += Buffer.from(chunk).toString("latin1");
    if (pace === undefined) return;
    host.pause();
    pace(() => host.resume(), host.readableLength);
  });
  host.resume();
  return merged;
}

describe("a pair as stdout and stderr of a child", () => {
  it("keeps the order of thousands of writes, then the end and the exit code", async () => {
    const merged = await start(
      "i=0; while [ $i -lt 2000 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done; exit 7",
    );
    expect(await merged.exit).toEqual([7, null]);
    await merged.end;
    const written = Array.from({ length: 2000 }, (_, i) => `o${i}\ne${i}\n`).join("");
    expect(merged.text).toBe(written);
  });

  it("ends with its last writer, not with the child", async () => {
    const file = join(scratch, "go on");
    const merged = await start(`(until [ -e "${file}" ]; do sleep 0.02; done; echo late) & exit 5`);
    let ended = false;
    const end = merged.end.then(() => ended = true);
    expect(await merged.exit).toEqual([5, null]);
    expect(ended).toBe(false);
    writeFileSync(file, "");
    await end;
    expect(merged.text).toBe("late\n");
  });

  it("lets the child block instead of failing with EAGAIN when the reader is slow", async () => {
    const merged = await start(
      "head -c 5000000 /dev/zero; echo head $? >&2; i=0; " +
        "while [ $i -lt 3000 ]; do printf 'line %d\\n' $i || exit 9; i=$((i+1)); done",
      (resume) => setImmediate(() => setImmediate(resume)),
    );
    expect(await merged.exit).toEqual([0, null]);
    await merged.end;
    const lines = Array.from({ length: 3000 }, (_, i) => `line ${i}\n`).join("");
    expect(merged.text.slice(5000000)).toBe(`head 0\n${lines}`);
  });

  it("carries 100 MB in bounded memory", async () => {
    const { host, child: end } = await takeSocketPair();
    const child = spawn("/bin/sh", ["-c", "head -c 100000000 /dev/zero"], { stdio: ["ignore", end, end] });
    end.destroy();
    let bytes = 0;
    let chunks = 0;
    let most = 0;
    host.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      most = Math.max(most, host.readableLength);
      if (++chunks % 10 !== 0) return;
      host.pause();
      setImmediate(() => host.resume());
    });
    host.resume();
    const exit = once(child, "exit");
    await once(host, "close");
    expect(await exit).toEqual([0, null]);
    expect(bytes).toBe(100_000_000);
    expect(most).toBeLessThan(4 * 1024 * 1024);
  });

  it.runIf(LINUX)("is blocking in the child", async () => {
    const merged = await start("cat /proc/self/fdinfo/1 /proc/self/fdinfo/2");
    await merged.end;
    const flags = [...merged.text.matchAll(/^flags:\s*([0-7]+)$/gm)].map((match) => parseInt(match[1]!, 8));
    expect(flags).toHaveLength(2);
    expect(flags.map((each) => each & 0o4000)).toEqual([0, 0]);
  });

  // Deno's node:child_process copies the descriptor without close-on-exec.
  it.runIf(LINUX && !DENO)("is nothing else in the child, not even of the pairs still idle", async () => {
    const idle = await Promise.all([takeSocketPair(), takeSocketPair(), takeSocketPair()]);
    const merged = await start("ls -l /proc/self/fd");
    await merged.end;
    const sockets = merged.text.match(/\d+ -> socket:\[\d+\]/g) ?? [];
    const plain = spawn("/bin/sh", ["-c", "ls -l /proc/self/fd"], { stdio: ["pipe", "pipe", "pipe"] });
    let text = "";
    plain.stdout.on("data", (chunk) => text += chunk);
    await once(plain, "close");
    expect(sockets).toHaveLength((text.match(/\d+ -> socket:\[\d+\]/g) ?? []).length);
    for (const { host, child } of idle) {
      host.destroy();
      child.destroy();
    }
  });

  it("ends a child that writes on when the host gives up reading", async () => {
    const merged = await takeSocketPair();
    const child = spawn("yes", [], { stdio: ["ignore", merged.child, merged.child] });
    merged.child.destroy();
    const exit = once(child, "exit");
    merged.host.once("data", () => merged.host.destroy());
    merged.host.resume();
    expect(await exit).not.toEqual([0, null]);
  });

  it("ends at once when the command can't be started", async () => {
    const { host, child: end } = await takeSocketPair();
    const child = spawn("/nonexistent/command", [], { stdio: ["ignore", end, end] });
    const failed = once(child, "error");
    end.destroy();
    const closed = once(host, "close");
    host.resume();
    expect((await failed)[0]).toMatchObject({ code: "ENOENT" });
    await closed;
  });
});

describe("taking pairs", () => {
  it("connects each of 200 taken at once to its own other end", async () => {
    const pairs = await Promise.all(Array.from({ length: 200 }, () => takeSocketPair()));
    const received = await Promise.all(pairs.map(async ({ host, child }, i) => {
      const data = once(host, "data");
      host.resume();
      child.write(`pair ${i}`);
      const text = String((await data)[0]);
      host.destroy();
      child.destroy();
      return text;
    }));
    expect(received).toEqual(pairs.map((_, i) => `pair ${i}`));
  });

  it("listens where nobody else may enter, and leaves nothing there", async () => {
    const taking = takeSocketPair();
    const [name, ...more] = readdirSync(temporary);
    expect(more).toEqual([]);
    expect(statSync(join(temporary, name!)).mode & 0o777).toBe(0o700);
    const { host, child } = await taking;
    expect(readdirSync(temporary)).toEqual([]);
    host.destroy();
    child.destroy();
  });

  it("gives a stranger who connects meanwhile nothing of a pair", async () => {
    const taking = takeSocketPair();
    const stranger = connect(join(temporary, readdirSync(temporary)[0]!, "s")).on("error", () => {});
    let seen = "";
    stranger.on("data", (chunk) => seen += chunk);
    const gone = once(stranger, "close");
    const { host, child } = await taking;
    const data = once(host, "data");
    host.resume();
    child.write("secret");
    expect(String((await data)[0])).toBe("secret");
    await gone;
    expect(seen).not.toContain("secret");
    host.destroy();
    child.destroy();
  });

  it.each([
    ["is missing", () => join(temporary, "missing")],
    ["is too deep for the path of a socket", () => {
      const deep = join(temporary, "d".repeat(60), "e".repeat(60));
      mkdirSync(deep, { recursive: true });
      return deep;
    }],
    ["is a file", () => {
      writeFileSync(join(temporary, "file"), "");
      return join(temporary, "file");
    }],
  ])("works when TMPDIR %s", async (_, makeDirectory) => {
    process.env.TMPDIR = makeDirectory();
    const merged = await start("echo out; echo err >&2");
    await merged.end;
    expect(merged.text).toBe("out\nerr\n");
  });
});

describe("a host of its own", () => {
  /** Runs a program on the runtime of this test with a limit of descriptors; answers what it printed. */
  async function host(program: string, descriptors = 256): Promise<string> {
    const file = join(mkdtempSync(join(scratch, "host-")), "host.mjs");
    writeFileSync(
      file,
      `import { readdirSync } from "node:fs"; import process from "node:process";
      import { closeIdleSocketPairs, takeSocketPair } from "${
        join(root, runnable("backends/socket_pair.ts"))
      }";
      const drop = ({ host, child }) => { host.destroy(); child.destroy(); };
      ${program}`,
    );
    const args = DENO ? ["run", "-A", file] : [file];
    const limited = ["-c", `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath, ...args];
    const child = spawn("/bin/sh", limited, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => text += chunk);
    await once(child, "close");
    expect(readdirSync(temporary)).toEqual([]);
    return text;
  }

  it("is not kept alive by idle pairs", async () => {
    expect(
      await host(`for (let i = 0; i < 4; i++) drop(await takeSocketPair());
        console.log("end of the program");`),
    ).toBe("end of the program\n");
  });

  it("is kept alive by a pair in use", async () => {
    expect(
      await host(`for (let i = 0; i < 2; i++) drop(await takeSocketPair());
        const { host, child } = await takeSocketPair();
        setTimeout(() => child.end("last words", () => child.destroy()), 50).unref();
        host.on("data", (chunk) => console.log(String(chunk)));
        host.resume();`),
    ).toBe("last words\n");
  });

  it("leaves nothing behind when it exits while pairs are made", async () => {
    expect(await host(`takeSocketPair(); console.log("exiting"); process.exit(0);`)).toBe("exiting\n");
  });

  it.runIf(LINUX)("gets every descriptor back", async () => {
    expect(
      await host(`const count = () => readdirSync("/proc/self/fd").length;
        const settled = async (want) => { while (count() > want) await new Promise((go) => setTimeout(go, 5)); };
        drop(await takeSocketPair());
        closeIdleSocketPairs();
        const before = count();
        for (const pair of await Promise.all(Array.from({ length: 50 }, takeSocketPair))) drop(pair);
        closeIdleSocketPairs();
        // A runtime opens a few of its own when it likes; 50 pairs are 100.
        await settled(before + 10);
        console.log("all back");`),
    ).toBe("all back\n");
  });

  it("is told when the descriptors run out, and goes on once there are some", async () => {
    const text = await host(
      // Deno makes descriptors for signals late, and panics when it can't.
      `if ("Deno" in globalThis) Deno.addSignalListener("SIGUSR2", () => {});
      const pairs = [];
      let error;
      while (error === undefined) await takeSocketPair().then((pair) => pairs.push(pair), (why) => error = why);
      console.log(error.kind, error.reason, error.retryable, pairs.length > 10);
      const settled = await Promise.allSettled(Array.from({ length: 40 }, takeSocketPair));
      for (const { value } of settled) if (value) pairs.push(value);
      console.log(...new Set(settled.filter((one) => one.reason).map((one) => one.reason.reason)));
      for (const pair of pairs) drop(pair);
      closeIdleSocketPairs();
      let again;
      while (again === undefined) again = await takeSocketPair().catch(() => {});
      console.log("goes on");
      process.exit(0);`,
      128,
    );
    expect(text).toBe("UNAVAILABLE resource_exhausted true true\nresource_exhausted\ngoes on\n");
  });
});
