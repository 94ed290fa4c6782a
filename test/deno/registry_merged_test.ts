// flags: --allow-run
import assert from "node:assert/strict";
import { createRegistry, type ExecError } from "../../mod.ts";

// This process may run anything, but not read its own PATH.

const registry = createRegistry();
registry.load({
  "app:exec": { kind: "exec.native" },
  "app:path": { kind: "exec.native", defaultEnv: { PATH: "/usr/bin:/bin" } },
});

Deno.test("merged output needs the host's PATH where none is configured, and its message says what helps", async () => {
  const executor = await registry.get("app:exec");
  const call = executor.output("echo hi", { mergeStderr: true });
  const refused: ExecError = await call.then(() => assert.fail("it resolved"), (error) => error);
  assert.deepEqual([refused.kind, refused.reason], ["PERMISSION_DENIED", "os_permission"]);
  assert.match(refused.message, /"echo".* --allow-env=PATH\b/);
  assert.equal((await executor.output("echo hi")).stdoutText(), "hi\n");
});

Deno.test("merged output needs no permission where a PATH is configured, or the command is given by its path", async () => {
  const configured = await registry.get("app:path");
  assert.equal((await configured.output("echo hi", { mergeStderr: true })).stdoutText(), "hi\n");
  const argv = ["/bin/sh", "-c", "echo out; echo err >&2"];
  const { stdoutText } = await (await registry.get("app:exec")).output(argv, { mergeStderr: true });
  assert.equal(stdoutText(), "out\nerr\n");
});
