/**
 * An engine over ssh. A program stands in for ssh that forwards a socket of this machine.
 */
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createExecutor } from "../../mod.ts";
import { describeWithEngine, host, ownedBy, testBackend } from "../support/docker_engine.ts";
import { runHost } from "../support/host.ts";
import { failure } from "../support/outcome.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const forwards = () => readdirSync(tmpdir()).filter((name) => name.startsWith("polyspawn-ssh-"));
const socketPath = host?.replace("unix://", "");

describeWithEngine("an engine over ssh", () => {
  const path = process.env["PATH"] ?? "";
  beforeEach(() => {
    const directory = temporaryDirectory();
    const script = fileURLToPath(new URL("../fixtures/ssh.mjs", import.meta.url));
    writeFileSync(join(directory, "ssh"), `#!/bin/sh\nexec node '${script}' "$@"\n`);
    chmodSync(join(directory, "ssh"), 0o755);
    process.env["PATH"] = directory + delimiter + path;
  });
  afterEach(() => process.env["PATH"] = path);

  it("runs commands through one connection, and leaves nothing of it", async () => {
    const before = forwards();
    const backend = testBackend({ host: `ssh://someone@build.example.com:2222${socketPath}` });
    const executor = createExecutor({ backend, killGrace: 500 });
    expect((await executor.output("cat", { input: "over there" })).stdoutText()).toBe("over there");
    const child = await executor.spawn("sleep 60");
    expect(forwards().length).toBe(before.length + 1);
    expect(await child.close()).toBe(true);
    await backend[Symbol.asyncDispose]();
    while (forwards().length > before.length) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it.each(["exit", "SIGKILL"])(
    "leaves nothing in the temporary directory when the host ends by %s",
    async (how) => {
      const temporary = temporaryDirectory();
      const env = { TMPDIR: temporary, POLYSPAWN_DOCKER_HOST: `ssh://build.example.com${socketPath}` };
      const { report } = await runHost("docker_end", { args: [how], env });
      const left = () => readdirSync(temporary).filter((name) => name.startsWith("polyspawn-ssh-"));
      while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      // Of a host that could still act nothing runs on; after SIGKILL its containers do.
      expect(await ownedBy(report["host"] as number)).toHaveLength(how === "SIGKILL" ? 3 : 0);
      await testBackend().sweep();
    },
  );

  it("that refuses is backend_unavailable, with what ssh says", async () => {
    const before = forwards();
    const backend = testBackend({ host: `ssh://refused@build.example.com${socketPath}` });
    const error = await failure(createExecutor({ backend }).output("true"));
    expect(error).toMatchObject({ reason: "backend_unavailable", retryable: true });
    expect(error.message).toMatch(/ssh:\/\/refused@build\.example\.com.*Permission denied \(publickey\)/);
    expect(forwards()).toEqual(before);
  });
});
