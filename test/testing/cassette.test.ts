/**
 * Cassettes: what real commands did, played without any process.
 */
import { Buffer } from "node:buffer";
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Backend, createExecutor, type ExecError } from "../../mod.ts";
import { fakeBackend, recordBackend, replayBackend } from "../../src/testing/mod.ts";
import { redact, USES } from "../support/cassette_uses.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "polyspawn-cassette-"))));
afterAll(() => rm(directory, { recursive: true }));
const path = (name: string) => join(directory, `${name}.json`);

/** What every runtime records of the uses; with POLYSPAWN_RECORD=1 it is made anew. */
const committed = fileURLToPath(new URL("../fixtures/uses.cassette.json", import.meta.url));

describe("what is recorded is played", () => {
  it.each(Object.entries(USES))("%s", async (name, use) => {
    const cassette = path(name.replaceAll(/\W+/g, "_"));
    const recorder = recordBackend({ cassette, redact, root: directory });
    const recorded = await use(recorder, directory);
    await recorder.save();
    const player = replayBackend({ cassette, redact, root: directory });
    expect(await use(player, directory)).toEqual(recorded);
    expect(player.unused()).toEqual([]);
    const text = await readFile(cassette, "utf8");
    expect(text).not.toContain("s3cret");
    expect(text).not.toContain(directory);
  });

  it("in the same words each time, and on each runtime", async () => {
    const cassette = process.env["POLYSPAWN_RECORD"] ? committed : path("all");
    const recorder = recordBackend({ cassette, redact, root: directory });
    for (const use of Object.values(USES)) await use(recorder, directory);
    await recorder.save();
    expect(await readFile(cassette, "utf8")).toBe(await readFile(committed, "utf8"));
  });

  it("on a machine and a runtime that is not the one it was recorded on", async () => {
    const player = replayBackend({ cassette: committed, redact, root: "/elsewhere" });
    const played: Record<string, unknown> = {};
    for (const [name, use] of Object.entries(USES)) played[name] = await use(player, "/elsewhere");
    expect(played).toEqual(PLAYED);
    expect(player.unused()).toEqual([]);
  });
});

/** What each use tells, recorded or played. */
const PLAYED = {
  "a command and its environment": "hello\n",
  "input to its end": "a\nb\n***\n",
  "a dialogue": ["one", "two", 0],
  "bytes that are no text": [255, 0, 10],
  "a start that failed": ["NOT_FOUND", "command_not_found"],
  "death by a signal": "SIGKILL",
  "a timeout": ["timed_out", "part\n"],
  "a descendant that holds the pipe": ["hi\n", false],
  "a directory of this machine": "here\n",
  "a run, in its order": {
    ok: false,
    reason: "nonzero",
    exitCode: 4,
    output: "a\nb\nc\n",
    truncated: false,
    totalBytes: 6,
    complete: true,
    ordered: true,
  },
};

describe("a player is strict", () => {
  async function recorded(name: string, ...commands: string[]) {
    const cassette = path(name);
    const recorder = recordBackend({ cassette });
    for (const command of commands) {
      await createExecutor({ backend: recorder }).output(command, { input: "right" });
    }
    await recorder.save();
    const backend = replayBackend({ cassette });
    return { backend, executor: createExecutor({ backend }), cassette };
  }
  const failure = (promise: Promise<unknown>) =>
    promise.then(() => expect.fail("it did not fail"), (e: ExecError) => e);

  it("about commands that were not recorded, and names the nearest", async () => {
    const { executor } = await recorded("unknown", "cat -u");
    const error = await failure(executor.output("cat -v"));
    expect([error.reason, error.message]).toEqual([
      "unexpected_command",
      expect.stringContaining("nearest recorded is:\n  cat -u\n"),
    ]);
  });

  it("about other input", async () => {
    const { executor } = await recorded("input", "cat");
    const error = await failure(executor.output("cat", { input: "wrong" }));
    expect([error.reason, error.message]).toEqual(["unexpected_stdin", expect.stringContaining(`"right"`)]);
  });

  it.each([["as it is", undefined], ["with secrets taken out", redact]])(
    "about the text of input, not about the pieces it comes in: %s",
    async (name, redact) => {
      const cassette = path(`pieces_${name.replaceAll(" ", "_")}`);
      const talk = async (backend: Backend, pieces: string[]) => {
        const process = await createExecutor({ backend }).spawn("tool");
        for (const piece of pieces) await process.writeStdin(piece);
        await process.closeStdin();
        const text = await process.stdoutStream().text();
        return await process.wait().then(() => text, (error: ExecError) => error.reason);
      };
      const inner = fakeBackend().on("tool", async (_, process) => {
        for (let line = await process.readLine(); line !== null; line = await process.readLine()) {
          await process.stdout(`got ${line}\n`);
        }
      });
      const recorder = recordBackend({ cassette, backend: inner, ...(redact && { redact }) });
      const all = await talk(recorder, ["one\n", "s3", "cret\n", "three\n"]);
      expect(all).toBe("got one\ngot s3cret\ngot three\n");
      await recorder.save();
      const again = (...pieces: string[]) =>
        talk(replayBackend({ cassette, ...(redact && { redact }) }), pieces);
      const wanted = redact ? "got one\ngot ***\ngot three\n" : all;
      for (const pieces of [["one\ns3cret\nthree\n"], ["o", "ne\ns3", "cret", "\nthree\n"]]) {
        expect(await again(...pieces)).toEqual(wanted);
      }
      for (const pieces of [["one\ns3cret\nthree\nfour\n"], ["one\ns3cret\n"], ["one\ns4cret\nthree\n"]]) {
        expect(await again(...pieces)).toBe("unexpected_stdin");
      }
    },
  );

  it("about how often, and tells what nobody asked for", async () => {
    const { backend, executor } = await recorded("often", "cat", "cat -u");
    await executor.output("cat", { input: "right" });
    expect((await failure(executor.output("cat", { input: "right" }))).reason).toBe("unexpected_command");
    expect(backend.unused()).toEqual(["cat -u"]);
  });

  it.each<[name: string, text: string | undefined, part?: string]>([
    ["missing", undefined],
    ["no JSON", "{"],
    ["foreign", `{"log":{"version":"1.2"}}`],
    ["of a later version", `{"format":"polyspawn cassette","version":2,"calls":[]}`],
    ["with a broken call", `{"format":"polyspawn cassette","version":1,"calls":[{"argv":[]}]}`],
    [
      "with a broken event",
      `{"format":"polyspawn cassette","version":1,"calls":[{"argv":["a"],"inheritEnv":true,"events":[{"stdout":5}]}]}`,
      "calls[0] events[0]",
    ],
  ])("about a cassette that is %s", async (name, text, part = "") => {
    const cassette = path(`broken_${name.replaceAll(" ", "_")}`);
    if (text !== undefined) await writeFile(cassette, text);
    const error = await failure(createExecutor({ backend: replayBackend({ cassette }) }).output("a"));
    expect([error.kind, error.reason]).toEqual(["INVALID", "invalid_cassette"]);
    expect(error.message).toContain(cassette);
    expect(error.message).toContain(part);
  });

  it("about what is no path of a file", () => {
    expect(() => replayBackend({ cassette: 5 as never })).toThrow(/"cassette" must be a file's path/);
  });
});

describe("recording", () => {
  it("writes only on save, whole, and leaves nothing beside the cassette", async () => {
    const cassette = path("saved");
    const recorder = recordBackend({ cassette });
    await createExecutor({ backend: recorder }).output("true");
    expect(await readdir(directory)).not.toContain("saved.json");
    await Promise.all([recorder.save(), recorder.save()]);
    expect((await readdir(directory)).filter((name) => name.startsWith("saved"))).toEqual(["saved.json"]);
  });

  it.each(["true", "1"])(
    "in mode auto plays what is there and records what is missing, except with CI=%s",
    async (ci) => {
      const cassette = path(`auto_${ci}`);
      const before = process.env["CI"];
      try {
        delete process.env["CI"];
        const first = recordBackend({ cassette, mode: "auto" });
        await createExecutor({ backend: first }).output("echo one");
        await first.save();
        const second = recordBackend({ cassette, mode: "auto" });
        const executor = createExecutor({ backend: second });
        await executor.output("echo one");
        await executor.output("echo two");
        await second.save();
        process.env["CI"] = ci;
        const third = createExecutor({ backend: recordBackend({ cassette, mode: "auto" }) });
        expect((await third.output("echo two")).stdoutText()).toBe("two\n");
        await expect(third.output("echo three")).rejects.toMatchObject({ reason: "unexpected_command" });
      } finally {
        if (before === undefined) delete process.env["CI"];
        else process.env["CI"] = before;
      }
    },
  );
});

describe("secrets", () => {
  /** Records and answers the text of the cassette, after playing it with the same use. */
  async function recorded(
    name: string,
    options: { redact?: (text: string, source: string, name?: string) => string; root?: string },
    use: (backend: Backend) => Promise<unknown>,
  ): Promise<string> {
    const cassette = path(name);
    const recorder = recordBackend({ cassette, ...options });
    await use(recorder);
    await recorder.save();
    await use(replayBackend({ cassette, ...options }));
    return await readFile(cassette, "utf8");
  }

  it("are taken out of bytes that are no UTF-8, and the rest of these stays as it is", async () => {
    let played: Uint8Array = new Uint8Array(0);
    const text = await recorded("bytes", { redact }, async (backend) => {
      const executor = createExecutor({ backend });
      played = (await executor.output(["printf", "\\377s3cret\\303\\244\\303\\n"])).stdout;
    });
    const { base64 } = JSON.parse(text).calls[0].events[0].stdout;
    expect([...Buffer.from(base64, "base64")]).toEqual([...played]);
    expect(Buffer.from(base64, "base64").toString("latin1")).toBe("\xff***\xc3\xa4\xc3\n");
  });

  it("are taken out where other output comes amid them", async () => {
    const script = "printf s3c; read -r a; printf x >&2; read -r b; printf 'ret\\n'";
    const text = await recorded("halves", { redact }, async (backend) => {
      const process = await createExecutor({ backend }).spawn(["sh", "-c", script]);
      const [stdout, stderr] = [process.stdoutStream(), process.stderrStream()];
      await stdout.read(3);
      await process.writeStdin("\n");
      await stderr.read(1);
      await process.writeStdin("\n");
      await process.wait();
    });
    expect(text).not.toMatch(/s3c"|ret\\n/);
    expect(text).toContain("***");
  });

  it("are taken out of words, directories, variables by their name, and why a start failed", async () => {
    const hide = (text: string, source: string, name?: string) =>
      source === "env" && name === "TOKEN" ? "hidden" : text.startsWith("--key=") ? "--key=hidden" : text;
    const text = await recorded("words", { redact: hide }, async (backend) => {
      const executor = createExecutor({ backend });
      await executor.output(["echo", "--key=abc123"], { env: { TOKEN: "t0k3n", OTHER: "seen" } });
      await executor.output(["/no/such/command", "--key=abc123"]).catch(() => {});
    });
    expect(text).not.toMatch(/t0k3n|abc123[^\\]/);
    expect(text).toContain(`"OTHER": "seen"`);
  });

  it("are not in a message about a call or an input that was not recorded", async () => {
    const cassette = path("messages");
    const recorder = recordBackend({ cassette, redact });
    await createExecutor({ backend: recorder }).output(["cat", "-"], {
      input: "s3cret one",
      env: { A: "s3cret" },
    });
    await recorder.save();
    const executor = createExecutor({ backend: replayBackend({ cassette, redact }) });
    for (
      const [argv, input] of [[["cat", "s3cret"], "s3cret"], [["cat", "-"], "s3cret two"]] as [
        string[],
        string,
      ][]
    ) {
      const error = await executor.output(argv, { input, env: { A: "s3cret" } }).catch((error) => error);
      expect(error.reason).toMatch(/unexpected_/);
      expect(JSON.stringify([error.message, error.details])).not.toContain("s3cret");
    }
  });

  it("are not recorded by a redact that answers no text", async () => {
    const cassette = path("no_text");
    const recorder = recordBackend({ cassette, redact: () => undefined as never });
    await createExecutor({ backend: recorder }).output("echo hello");
    await expect(recorder.save()).rejects.toMatchObject({ reason: "invalid_option" });
    expect(await readdir(directory)).not.toContain("no_text.json");
  });
});

describe("a root", () => {
  it("is told from what only looks like it, both ways", async () => {
    const cassette = path("root");
    const texts = `<root>/a ${directory}/b ${directory}2 <\\root> (${directory})`;
    const recorder = recordBackend({ cassette, root: `${directory}/` });
    await createExecutor({ backend: recorder }).output(["printf", "%s", texts]);
    await recorder.save();
    const moved = texts.replaceAll(new RegExp(`${directory}(?!2)`, "g"), "/moved");
    const executor = createExecutor({ backend: replayBackend({ cassette, root: "/moved" }) });
    expect((await executor.output(["printf", "%s", moved])).stdoutText()).toBe(moved);
  });

  it.each([".", "a/b", "/"])("%j is refused: it would be found everywhere", (root) => {
    expect(() => recordBackend({ cassette: "a.json", root })).toThrow(/absolute path/);
  });

  it("may be a URL", async () => {
    const cassette = path("root_url");
    const recorder = recordBackend({ cassette, root: pathToFileURL(directory) });
    await createExecutor({ backend: recorder, cwd: pathToFileURL(directory) }).output("true");
    await recorder.save();
    expect(JSON.parse(await readFile(cassette, "utf8")).calls[0].cwd).toBe("<root>");
  });
});

describe("much at once", () => {
  it("calls that are the same are played in the order they were started", async () => {
    const cassette = path("same");
    const answers = fakeBackend();
    let count = 0;
    answers.on(
      "next",
      (_, process) => process.delay(20 - 5 * ++count).then(() => ({ stdout: String(20 - count) })),
    );
    const recorder = recordBackend({ cassette, backend: answers });
    const ask = (backend: Backend) => {
      const executor = createExecutor({ backend });
      return Promise.all([1, 2, 3].map(async () => (await executor.output("next")).stdoutText()));
    };
    const recorded = await ask(recorder);
    await recorder.save();
    const player = replayBackend({ cassette });
    expect(await ask(player)).toEqual(recorded);
    expect(player.unused()).toEqual([]);
  });

  it("of output is recorded and played, text and bytes", async () => {
    const cassette = path("big");
    const bytes = Uint8Array.from({ length: 2 ** 21 }, (_, index) => index * 7 % 256);
    const text = "0123456789abcde\n".repeat(2 ** 17);
    const real = fakeBackend().on("bytes", { stdout: bytes }).on("text", { stdout: text });
    const recorder = recordBackend({ cassette, backend: real, redact });
    for (const backend of [recorder, undefined]) {
      const executor = createExecutor({ backend: backend ?? replayBackend({ cassette, redact }) });
      const output = await executor.output("bytes");
      expect(Buffer.compare(Buffer.from(output.stdout), Buffer.from(bytes))).toBe(0);
      expect((await executor.output("text")).stdoutText() === text).toBe(true);
      if (backend) await backend.save();
    }
  });

  it("a process that still ran at save() runs on when it is played, and is ended by a signal", async () => {
    const cassette = path("unfinished");
    const real = fakeBackend().on("server", { stdout: "ready\n", delay: Infinity });
    const recorder = recordBackend({ cassette, backend: real });
    const server = await createExecutor({ backend: recorder }).spawn("server");
    await server.stdoutStream().read();
    await recorder.save();
    await server.close();
    const played = await createExecutor({ backend: replayBackend({ cassette }) }).spawn("server");
    expect(new TextDecoder().decode((await played.stdoutStream().read())!)).toBe("ready\n");
    expect(played.state).toBe("running");
    expect([await played.close(), await played.wait()]).toEqual([true, 143]);
  });

  it("a start that was not over at save() is left out", async () => {
    const cassette = path("starting");
    const never = { ...fakeBackend(), name: "never", capabilities: fakeBackend().capabilities };
    const recorder = recordBackend({ cassette, backend: { ...never, spawn: () => new Promise(() => {}) } });
    void createExecutor({ backend: recorder }).spawn("a").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    await recorder.save();
    expect(JSON.parse(await readFile(cassette, "utf8")).calls).toEqual([]);
  });

  it("a signal that was survived is survived, also when it comes early", async () => {
    const cassette = path("survived");
    const real = fakeBackend().on("server", async (_, process) => {
      process.onSignal("SIGHUP", () => process.stdout("reloaded\n"));
      await process.stdout("ready\n");
      await process.delay(Infinity);
    });
    const use = async (backend: Backend, wait: boolean) => {
      const server = await createExecutor({ backend }).spawn("server");
      const lines = server.stdoutStream().lines()[Symbol.asyncIterator]();
      if (wait) await lines.next();
      await server.signal("SIGHUP");
      if (!wait) await lines.next();
      const { value } = await lines.next();
      await server.close();
      return [value, await server.wait()];
    };
    const recorder = recordBackend({ cassette, backend: real });
    const recorded = await use(recorder, true);
    await recorder.save();
    expect(recorded).toEqual(["reloaded", 143]);
    expect(await use(replayBackend({ cassette }), true)).toEqual(recorded);
    expect(await use(replayBackend({ cassette }), false)).toEqual(recorded);
  });
});

describe("modes", () => {
  it("auto in CI says that the cassette is missing, and replay never asks the real backend anything", async () => {
    const before = process.env["CI"];
    const asked: string[] = [];
    const real: Backend = {
      name: "real",
      capabilities: { processGroups: true, mergedOutput: false, killOnHostExit: true },
      spawn: () => Promise.reject(asked.push("spawn")),
      findExecutable: () => Promise.reject(asked.push("findExecutable")),
    };
    try {
      process.env["CI"] = "true";
      const missing = createExecutor({
        backend: recordBackend({ cassette: path("none"), mode: "auto", backend: real }),
      });
      await expect(missing.output("a")).rejects.toMatchObject({ reason: "invalid_cassette" });
    } finally {
      if (before === undefined) delete process.env["CI"];
      else process.env["CI"] = before;
    }
    const options = { cassette: committed, redact, root: "/elsewhere" };
    const replaying = recordBackend({ ...options, mode: "replay", backend: real });
    expect(await USES["a run, in its order"]!(replaying, "/elsewhere")).toMatchObject({ exitCode: 4 });
    await replaying.save();
    expect(asked).toEqual([]);
  });

  it("save makes the directory of the cassette, and a failure leaves the old one and nothing beside it", async () => {
    const cassette = join(directory, "new", "dir", "a.json");
    const recorder = recordBackend({ cassette, backend: fakeBackend().on("a", {}) });
    await createExecutor({ backend: recorder }).output("a");
    await recorder.save();
    expect(await readdir(join(directory, "new", "dir"))).toEqual(["a.json"]);
    const onDirectory = recordBackend({ cassette: join(directory, "new") });
    await expect(onDirectory.save()).rejects.toMatchObject({ kind: "INVALID", reason: "invalid_cassette" });
    expect(await readdir(join(directory, "new"))).toEqual(["dir"]);
  });

  it("save keeps a link to a cassette, and who may read it", async () => {
    const [cassette, link] = [path("private"), path("linked")];
    await writeFile(cassette, "{}", { mode: 0o600 });
    await symlink(cassette, link);
    const recorder = recordBackend({ cassette: link, backend: fakeBackend().on("a", {}) });
    await createExecutor({ backend: recorder }).output("a");
    await recorder.save();
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(cassette, "utf8")).toContain("polyspawn cassette");
    expect((await stat(cassette)).mode & 0o777).toBe(0o600);
  });

  it("what the real backend can't do is refused where its abilities are known only at the first command", async () => {
    const inner = fakeBackend().on("a", {});
    const poor: Backend = {
      name: "poor",
      capabilities: { ...inner.capabilities, mergedOutput: false },
      spawn: (request) => inner.spawn(request),
    };
    const executor = createExecutor({ backend: recordBackend({ cassette: path("poor"), backend: poor }) });
    await expect(executor.output("a", { mergeStderr: true })).rejects.toMatchObject({
      reason: "unsupported",
    });
  });
});
