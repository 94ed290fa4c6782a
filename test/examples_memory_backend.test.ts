/**
 * scripts/examples/memory_backend.ts, which README shows whole: a test double as a user would write it.
 */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createExecutor, run } from "../mod.ts";
import { memoryBackend } from "../scripts/examples/memory_backend.ts";
import { failure } from "./support/outcome.ts";

const source = await readFile(new URL("../scripts/examples/memory_backend.ts", import.meta.url), "utf8");

describe("a backend in under 40 lines", () => {
  it("is what README shows", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    expect(readme).toContain(source.slice(source.indexOf("/**")));
    expect(source.trimEnd().split("\n").length).toBeLessThan(40);
  });

  it("answers a command from its table", async () => {
    const backend = memoryBackend({
      "git commit -m 'first light'": { stdout: "done\n", stderr: "careful\n" },
      "npm test": { exitCode: 1 },
    });
    const executor = createExecutor({ backend });
    const output = await executor.output(["git", "commit", "-m", "first light"]);
    expect([output.stdoutText(), output.stderrText()]).toEqual(["done\n", "careful\n"]);
    expect(output).toMatchObject({ ok: true, exitCode: 0, complete: true });
    expect(await executor.output("npm test")).toMatchObject({ ok: false, exitCode: 1, complete: true });
  });

  it("refuses a command that has no answer", async () => {
    const error = await failure(createExecutor({ backend: memoryBackend({}) }).output("rm -rf /"));
    expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "command_not_found" });
    expect(error.message).toContain("rm -rf /");
  });

  it("keeps the core's promises: streams, input, signals, timeouts", async () => {
    const backend = memoryBackend({
      serve: { stdout: "ready\n", exitCode: null },
      sort: { stdout: "a\nb\n" },
    });
    const executor = createExecutor({ backend });
    const server = await executor.spawn("serve");
    for await (const line of server.stdoutStream().lines()) {
      expect(line).toBe("ready");
      await server.signal("SIGINT");
    }
    expect(await server.wait()).toBe(130);
    expect((await executor.output("sort", { input: "b\na\n" })).stdoutText()).toBe("a\nb\n");
    const slow = await executor.spawn("serve");
    expect(await slow.close()).toBe(true);
    const error = await failure(executor.output("serve", { timeout: 20 }));
    expect([error.reason, error.output?.stdoutText()]).toEqual(["timed_out", "ready\n"]);
  });

  it("ends a read that waits when nobody reads on", async () => {
    const executor = createExecutor({
      backend: memoryBackend({ serve: { stdout: "ready\n", exitCode: null } }),
    });
    await using server = await executor.spawn("serve");
    const output = server.stdoutStream();
    expect(new TextDecoder().decode(await output.read() ?? undefined)).toBe("ready\n");
    const last = output.read();
    await output.close();
    expect(await last).toBeNull();
  });

  it("serves the runner, whatever shell that would use", async () => {
    const backend = memoryBackend({
      "/bin/bash --norc -c 'make | tee log'": { stdout: "ok\n", exitCode: 2 },
    });
    const result = await run("make | tee log", { cwd: ".", executor: createExecutor({ backend }) });
    expect(result).toMatchObject({
      ok: false,
      reason: "nonzero",
      exitCode: 2,
      output: "ok\n",
      ordered: false,
    });
  });
});
