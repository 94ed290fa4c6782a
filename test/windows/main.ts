/**
 * The conformance suite and the tests of Windows, on Windows or Wine: `RUNTIME main.js NAME NODE_EXE
 * [PART OF A TITLE [HOW MANY ARE OVER]]`.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Backend } from "../../src/backend.ts";
import { conformance } from "../../src/testing/mod.ts";
import { DIFFERENCES, LEFT_OUT } from "./differences.ts";
import { endWith, Harness } from "./harness.ts";
import { ownCases } from "./own_cases.ts";
import { withPlayer } from "./programs_backend.ts";

const [name = "windows", node = process.execPath, part = "", from = "0"] = process.argv.slice(2);
const player = join(dirname(fileURLToPath(import.meta.url)), "player.js");

async function native(): Promise<Backend> {
  if ("Deno" in globalThis) return (await import("../../backends/deno.ts")).denoBackend();
  return (await import("../../backends/node.ts")).nodeBackend();
}

const harness = new Harness();
const make = async () => withPlayer(await native(), node, player);
const cases = await conformance("conformance", make, harness.framework, {
  runs: 10,
  deadline: 120_000,
  leaveOut: LEFT_OUT,
});
for (const { title, leftOut } of cases) if (leftOut) harness.leaveOut(title, leftOut);
ownCases({ backend: await native(), node, player }, harness.framework);
endWith(await harness.run(name, part, DIFFERENCES, Number(from)));
