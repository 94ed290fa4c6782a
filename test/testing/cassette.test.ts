/**
 * Cassettes: what real commands did, played without any process.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createExecutor, type ExecError } from "../../mod.ts";
import { recordBackend, replayBackend } from "../../src/testing/mod.ts";
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
