/** Imports and requires every entry point named as an argument, runs a command, prints what each exports. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(import.meta.url);
const isDeno = typeof Deno !== "undefined";
const names = {};

for (const entry of process.argv.slice(2)) {
  const [imported, required] = [await import(entry), require(entry)];
  names[entry] = Object.keys(imported).sort();
  assert.deepEqual(Object.keys(required).sort(), names[entry], `${entry}: import and require() differ`);
  for (const name of names[entry]) {
    assert.equal(required[name], imported[name], `${entry}: import and require() have two ${name}`);
  }
}

const { createExecutor, ExecError } = await import("polyspawn");
const { nodeBackend } = await import("polyspawn/node");
const { denoBackend } = await import("polyspawn/deno");

for (const backend of [undefined, nodeBackend(), ...(isDeno ? [denoBackend()] : [])]) {
  const executor = createExecutor({ ...(backend && { backend }) });
  assert.equal((await executor.output("echo hello")).stdoutText(), "hello\n");
  await assert.rejects(executor.output("no-such-command-here"), (error) =>
    // The class of require() is the one that import's executor throws.
    error instanceof require("polyspawn").ExecError && error.reason === "command_not_found");
  await executor.release();
}
// The helper's program has to come through packing, and to be what starts the command.
const helped = createExecutor({ backend: nodeBackend({ spawnHelper: true }) });
const parent = Number((await helped.output(["sh", "-c", "echo $PPID"])).stdoutText());
assert.equal(parent !== process.pid, !isDeno && process.versions.bun === undefined, `started by ${parent}`);

if (!isDeno) assert.throws(denoBackend, ExecError);

console.log(JSON.stringify(names));
