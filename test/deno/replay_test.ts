// flags: --allow-read=test/fixtures/uses.cassette.json
import assert from "node:assert/strict";
import { createExecutor, type ExecError } from "../../mod.ts";
import { recordBackend, replayBackend } from "../../src/testing/mod.ts";
import { redact, USES } from "../support/cassette_uses.ts";

// This process may read one file and run nothing.

const cassette = "test/fixtures/uses.cassette.json";
const options = { cassette, redact, root: "/elsewhere" };

Deno.test("a cassette is played with leave to read it and for nothing else, and leaves nothing open", async () => {
  for (const player of [replayBackend(options), recordBackend({ ...options, mode: "replay" })]) {
    const played: unknown[] = [];
    for (const use of Object.values(USES)) played.push(await use(player, "/elsewhere"));
    assert.equal(played[0], "hello\n");
    assert.equal(played.length, 10);
  }
});

Deno.test("a cassette that may not be read is invalid_cassette, and the message names the flag", async () => {
  const executor = createExecutor({ backend: replayBackend({ cassette: "test/fixtures/other.json" }) });
  const error: ExecError = await executor.output("a").then(
    () => assert.fail("it resolved"),
    (error) => error,
  );
  assert.deepEqual([error.kind, error.reason], ["INVALID", "invalid_cassette"]);
  assert.match(error.message, /--allow-read/);
});
