/**
 * Cassettes: what real commands did, played without any process.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, createExecutor, type ExecError, run } from "../../mod.ts";
import { recordBackend, replayBackend } from "../../src/testing/mod.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "polyspawn-cassette-"))));
afterAll(() => rm(directory, { recursive: true }));
const path = (name: string) => join(directory, `${name}.json`);

const redact = (text: string) => text.replaceAll("s3cret", "***");

/** Uses of commands, each told as data that can be compared. */
const USES: Record<string, (backend: Backend) => Promise<unknown>> = {
  "a command and its environment": async (backend) =>
    (await createExecutor({ backend }).output("echo hello", { env: { TOKEN: "s3cret" } })).stdoutText(),
  "input to its end": async (backend) =>
    (await createExecutor({ backend }).output("sort", { input: "b\ns3cret\na\n" })).stdoutText().replace(
      "s3cret",
      "***",
    ),
  "a dialogue": async (backend) => {
    const cat = await createExecutor({ backend }).spawn("cat");
    const lines = cat.stdoutStream().lines()[Symbol.asyncIterator]();
    const seen: unknown[] = [];
    for (const line of ["one", "two"]) {
      await cat.writeStdin(`${line}\n`);
      seen.push((await lines.next()).value);
    }
    await cat.closeStdin();
    return [...seen, await cat.wait()];
  },
  "bytes that are no text": async (backend) =>
    Array.from((await createExecutor({ backend }).output(["printf", "\\377\\000\\n"])).stdout),
  "a start that failed": async (backend) =>
    await createExecutor({ backend }).output("no-such-command-here").catch((
      { kind, reason }: ExecError,
    ) => [kind, reason]),
  "death by a signal": async (backend) =>
    (await createExecutor({ backend }).output(["sh", "-c", "kill -9 $$"])).signal,
  "a timeout": async (backend) =>
    await createExecutor({ backend }).output(["sh", "-c", "echo part; exec sleep 30"], { timeout: 400 })
      .catch(({ reason, output }: ExecError) => [reason, output?.stdoutText()]),
  "a descendant that holds the pipe": async (backend) => {
    const { complete, stdoutText } = await createExecutor({ backend }).output([
      "sh",
      "-c",
      "echo hi; sleep 30 & exit 0",
    ]);
    return [stdoutText(), complete];
  },
  "a run, in its order": async (backend) => {
    const executor = createExecutor({ backend });
    const { durationMs: _, ...result } = await run("echo a; echo b >&2; echo c; exit 4", {
      cwd: directory,
      executor,
    });
    return result;
  },
};

describe("what is recorded is played", () => {
  it.each(Object.entries(USES))("%s", async (name, use) => {
    const cassette = path(name.replaceAll(/\W+/g, "_"));
    const recorder = recordBackend({ cassette, redact, root: directory });
    const recorded = await use(recorder);
    await recorder.save();
    const player = replayBackend({ cassette, redact, root: directory });
    expect(await use(player)).toEqual(recorded);
    expect(player.unused()).toEqual([]);
    const text = await readFile(cassette, "utf8");
    expect(text).not.toContain("s3cret");
    expect(text).not.toContain(directory);
  });
});

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

  it("about how often, and tells what nobody asked for", async () => {
    const { backend, executor } = await recorded("often", "cat", "cat -u");
    await executor.output("cat", { input: "right" });
    expect((await failure(executor.output("cat", { input: "right" }))).reason).toBe("unexpected_command");
    expect(backend.unused()).toEqual(["cat -u"]);
  });

  it.each<[name: string, text: string | undefined]>([
    ["missing", undefined],
    ["no JSON", "{"],
    ["foreign", `{"log":{"version":"1.2"}}`],
    ["of a later version", `{"format":"polyspawn cassette","version":2,"calls":[]}`],
    ["with a broken call", `{"format":"polyspawn cassette","version":1,"calls":[{"argv":[]}]}`],
    [
      "with a broken event",
      `{"format":"polyspawn cassette","version":1,"calls":[{"argv":["a"],"inheritEnv":true,"events":[{"stdout":5}]}]}`,
    ],
  ])("about a cassette that is %s", async (name, text) => {
    const cassette = path(`broken_${name.replaceAll(" ", "_")}`);
    if (text !== undefined) await writeFile(cassette, text);
    const error = await failure(createExecutor({ backend: replayBackend({ cassette }) }).output("a"));
    expect([error.kind, error.reason]).toEqual(["INVALID", "invalid_cassette"]);
    expect(error.message).toContain(cassette);
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

  it("in mode auto plays what is there and records what is missing, except in CI", async () => {
    const cassette = path("auto");
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
      process.env["CI"] = "true";
      const third = createExecutor({ backend: recordBackend({ cassette, mode: "auto" }) });
      expect((await third.output("echo two")).stdoutText()).toBe("two\n");
      await expect(third.output("echo three")).rejects.toMatchObject({ reason: "unexpected_command" });
    } finally {
      if (before === undefined) delete process.env["CI"];
      else process.env["CI"] = before;
    }
  });
});
