// flags: --allow-run=echo
import assert from "node:assert/strict";
import { createRegistry, type ExecError } from "../../mod.ts";

// This process may run echo and nothing else; it may not read its own PATH.

const registry = createRegistry();
registry.load({
  "app:exec": { kind: "exec.native" },
  "app:list": { kind: "exec.native", commandWhitelist: ["echo hi"], defaultEnv: { LANG: "C" } },
});

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  return await promise.then(() => assert.fail("it resolved"), (error) => error);
}

Deno.test("a native executor without a PATH finds what the list names, and asks for nothing else", async () => {
  assert.equal((await Deno.permissions.query({ name: "env", variable: "PATH" })).state === "granted", false);
  for (const id of registry.ids()) {
    const executor = await registry.get(id);
    assert.equal((await executor.output("echo hi")).stdoutText(), "hi\n");
  }
});

Deno.test("what the list does not name is os_permission, and the whitelist comes before that", async () => {
  const refused = await failure((await registry.get("app:exec")).output("ls"));
  assert.deepEqual([refused.kind, refused.reason], ["PERMISSION_DENIED", "os_permission"]);
  assert.match(refused.message, /--allow-run=ls/);
  const denied = await failure((await registry.get("app:list")).output("ls"));
  assert.equal(denied.reason, "command_not_allowed");
});

Deno.test("closing the registry asks for nothing", async () => {
  const child = await (await registry.get("app:exec")).spawn("echo");
  await registry.close();
  assert.equal(child.state, "closed");
});
