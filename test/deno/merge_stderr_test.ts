// flags: --allow-run --allow-read --allow-write --allow-env
import assert from "node:assert/strict";
import { callOutput as call, flagsIn } from "./call_output.ts";

Deno.test("mergeStderr under a list is refused, and works with the flags its message names", async () => {
  const argv = ["env", "sh", "-c", "echo out; echo err >&2; echo out again"];
  const refused = await call(["--allow-run=env"], argv, { mergeStderr: true });
  assert.match(refused.reason ?? "", /^unsupported$/);
  const flags = flagsIn(refused.message);
  assert.notDeepEqual(flags, [], refused.message);
  const allowed = await call(flags, argv, { mergeStderr: true });
  assert.equal(allowed.stdout, "out\nerr\nout again\n", allowed.message);
});

Deno.test("mergeStderr is no way around the list of allowed commands: under a list there is none", async (t) => {
  for (const list of ["/bin/sh", "echo,/bin/sh", "sh"]) {
    await t.step(`--allow-run=${list}`, async () => {
      const refused = await call([`--allow-run=${list}`], ["echo"], { mergeStderr: true });
      assert.equal(refused.reason, "unsupported", refused.stdout);
      assert.match(refused.message, /--allow-run without a list/);
    });
  }
});

// In another directory than the host's the shell makes PWD follow, which only leave to read PWD lets the backend undo.
Deno.test("mergeStderr leaves the environment as it was, where PWD is right", async () => {
  const flags = ["--allow-run"];
  const [merged, apart] = [await call(flags, ["env"], { mergeStderr: true }), await call(flags, ["env"])];
  assert.deepEqual(merged.stdout?.split("\n").sort(), apart.stdout?.split("\n").sort(), merged.message);
});
