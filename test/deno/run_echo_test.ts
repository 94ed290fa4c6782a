// flags: --allow-run=echo
import assert from "node:assert/strict";
import { createExecutor, type ExecError } from "../../mod.ts";

// This process may run echo and nothing else, and never asks: whatever needs more throws here.

const executor = createExecutor();

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  return await promise.then(() => assert.fail("it resolved"), (error) => error);
}

Deno.test("nothing but running echo is allowed here", async () => {
  for (const name of ["read", "write", "net", "env", "sys", "ffi", "run"] as const) {
    assert.notEqual((await Deno.permissions.query({ name })).state, "granted", name);
  }
  assert.equal((await Deno.permissions.query({ name: "run", command: "echo" })).state, "granted");
});

Deno.test("output runs an allowed command", async () => {
  const { ok, exitCode, complete, stdoutText, stderrText } = await executor.output("echo 'Hello, World!'");
  assert.deepEqual({ ok, exitCode, complete }, { ok: true, exitCode: 0, complete: true });
  assert.deepEqual([stdoutText(), stderrText()], ["Hello, World!\n", ""]);
});

Deno.test("a process is started, read, waited for and closed", async () => {
  const child = await executor.exec("echo one");
  await child.start();
  assert.equal(typeof child.pid, "number");
  const lines = [];
  for await (const line of child.stdoutStream().lines()) lines.push(line);
  assert.deepEqual(lines, ["one"]);
  assert.equal(await child.stderrStream().text(), "");
  assert.equal(await child.wait(), 0);
  await child.signal("SIGTERM");
  assert.equal(await child.close(), true);
});

Deno.test("options that add something need no more permissions", async () => {
  const signal = new AbortController().signal;
  const options = { cwd: "/", env: { GREETING: "hello" }, timeout: 30_000, signal, input: "unread" };
  assert.equal((await executor.output("echo on", options)).stdoutText(), "on\n");
  assert.equal((await executor.output("echo clean", { inheritEnv: false })).stdoutText(), "clean\n");
});

Deno.test("a process that is released while it runs leaves nothing behind and asks for nothing", async () => {
  const own = createExecutor();
  const child = await own.spawn("echo one");
  child.unref();
  await own.release();
  assert.equal(child.state, "closed");
});

Deno.test("a refused command is os_permission and names the flag to add", async () => {
  for (const command of ["ls", "/bin/ls"]) {
    const error = await failure(executor.output(command));
    assert.deepEqual([error.kind, error.reason, error.retryable], [
      "PERMISSION_DENIED",
      "os_permission",
      false,
    ]);
    assert.match(error.message, new RegExp(`"${command}".*--allow-run=${command}\\b`));
    assert.equal((error.cause as Error).name, "NotCapable");
  }
});

Deno.test("a refused command leaves its process closed and its executor usable", async () => {
  const child = await executor.exec("ls");
  assert.equal((await failure(child.start())).reason, "os_permission");
  assert.equal((await failure(child.wait())).reason, "os_permission");
  assert.deepEqual([child.state, child.pid], ["closed", undefined]);
  assert.equal((await executor.output("echo on")).stdoutText(), "on\n");
});

Deno.test("a command that is not there is reported as missing, not as refused", async () => {
  const error = await failure(executor.output("no-such-command-anywhere"));
  assert.deepEqual([error.kind, error.reason], ["NOT_FOUND", "command_not_found"]);
});

Deno.test("a working directory that is not there is never reported as a missing command", async () => {
  for (const cwd of ["/no/such/directory", "/etc/passwd"]) {
    const error = await failure(executor.output("echo", { cwd }));
    assert.deepEqual([error.kind, error.reason], ["NOT_FOUND", "cwd_not_found"]);
    assert.ok(error.message.includes(cwd), error.message);
  }
});

Deno.test("removing a variable is os_permission, because the others must be read for that", async () => {
  const error = await failure(executor.output("echo", { env: { HOME: undefined } }));
  assert.deepEqual([error.kind, error.reason], ["PERMISSION_DENIED", "os_permission"]);
  assert.match(error.message, /--allow-env\b/);
});

Deno.test("removing a variable from an environment that is not inherited needs no permission", async () => {
  const { ok } = await executor.output("echo", { inheritEnv: false, env: { HOME: undefined, A: "b" } });
  assert.equal(ok, true);
});
