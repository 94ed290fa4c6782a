// flags: --allow-run=sleep,sh
import assert from "node:assert/strict";
import { createExecutor, type ExecError, type Process } from "../../mod.ts";

// Under a list of allowed commands Deno lets nobody signal a process group, only a child of one's own.

const executor = createExecutor();

/** A shell with a child of its own, both of them long-lived; answers the number of the shell's child. */
async function spawnTree(options?: Parameters<typeof executor.spawn>[1]): Promise<[Process, number]> {
  const shell = await executor.spawn(["sh", "-c", "sleep 60 & echo $!; wait"], options);
  const chunk = await shell.stdoutStream().read();
  return [shell, Number(new TextDecoder().decode(chunk!))];
}

/** Whether a process is there; a zombie that nobody has reaped yet is, for a moment. */
async function isThere(pid: number): Promise<boolean> {
  return (await executor.output(["sh", "-c", `kill -0 ${pid}`])).ok;
}

/** What nobody here may end by its group is ended by its number. */
async function end(pid: number): Promise<void> {
  await executor.output(["sh", "-c", `kill -9 ${pid}`]);
}

Deno.test("a group may not be signalled here, by anyone", () => {
  assert.throws(() => Deno.kill(-Deno.pid, "SIGCONT"), { name: "NotCapable" });
});

for (const force of [false, true]) {
  Deno.test(`close${force ? ", forced," : ""} ends the process itself, not what it started`, async () => {
    const [shell, sleeper] = await spawnTree();
    try {
      assert.equal(await shell.close(force), true);
      assert.equal(shell.exitStatus?.signal, force ? "SIGKILL" : "SIGTERM");
      assert.equal(await isThere(shell.pid!), false);
      // What the documentation says of this permission: were it gone, the documentation would be wrong.
      assert.equal(await isThere(sleeper), true);
    } finally {
      await end(sleeper);
    }
  });
}

Deno.test("close kills a process that ignores SIGTERM, after its grace", async () => {
  const script = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
  const shell = await executor.spawn(["sh", "-c", script], { killGrace: 100 });
  await shell.stdoutStream().read();
  assert.equal(await shell.close(), true);
  assert.equal(shell.exitStatus?.signal, "SIGKILL");
});

Deno.test("a timeout ends the process itself, and the call in time, though its pipe is still held", async () => {
  const start = performance.now();
  const script = "sleep 60 & echo $!; wait";
  const call = executor.output(["sh", "-c", script], { timeout: 2_000 });
  const error: ExecError = await call.then(() => assert.fail("it resolved"), (error) => error);
  const sleeper = Number(error.output?.stdoutText());
  try {
    assert.deepEqual([error.kind, error.reason], ["TIMEOUT", "timed_out"]);
    assert.ok(sleeper > 0, error.output?.stdoutText());
    assert.ok(performance.now() - start < 20_000);
    assert.equal(error.output?.complete, false);
  } finally {
    await end(sleeper);
  }
});

Deno.test("an abort and a release end the process itself", async () => {
  const controller = new AbortController();
  const own = createExecutor();
  const [aborted, released] = [
    await own.spawn("sleep 60", { signal: controller.signal }),
    await own.spawn("sleep 60"),
  ];
  controller.abort();
  assert.equal((await aborted.wait().catch((error) => error)).reason, "canceled");
  await own.release();
  assert.equal(await released.wait(), 143);
});

Deno.test("a signal reaches the process itself", async () => {
  const child = await executor.spawn("sleep 60");
  await child.signal(2);
  assert.equal(await child.wait(), 130);
  assert.equal(child.exitStatus?.signal, "SIGINT");
});

Deno.test("after a normal exit output returns although something still holds its pipe", async () => {
  const { exitCode, complete, stdoutText } = await executor.output(["sh", "-c", "sleep 60 & echo $!"]);
  await end(Number(stdoutText()));
  assert.deepEqual({ exitCode, complete }, { exitCode: 0, complete: false });
});
