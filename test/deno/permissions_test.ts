// flags: --allow-run --allow-read --allow-env
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { fixtures } from "./call_output.ts";

// The table of docs/deno-permissions.md, row by row: each in a Deno of its own under just these flags.

const page = await Deno.readTextFile(
  fileURLToPath(new URL("../../docs/deno-permissions.md", import.meta.url)),
);
const rows = page.split("\n").filter((line) => line.startsWith("| ")).slice(2)
  .map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "").replace("¹", ""))
  );

/** What the host tells of itself, with a variable in its environment that a list refuses to pass on. */
async function told(flags: string): Promise<Record<string, unknown>> {
  const words = flags === "none" ? [] : flags.split(" ");
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...words, `${fixtures}/hosts/permissions.ts`],
    env: { NO_COLOR: "1", LD_TESTED: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return Object.assign({}, ...lines.map((line) => JSON.parse(line)));
}

/** Whether a process runs, and is not only waiting to be reaped; ends it. Deno itself may not read that of /proc. */
async function isRunning(pid: number): Promise<boolean> {
  const script = `grep -q '^State:[[:space:]]*[A-WYa-z]' /proc/${pid}/status && kill -9 ${pid}`;
  const { success } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" }).output();
  return success;
}

Deno.test("the table has the rows that it should", () => {
  assert.ok(rows.length >= 7 && rows.every((row) => row.length === 8));
});

for (const [flags, listed, other, ended, merge, run, removing, inherited] of rows) {
  Deno.test(`under ${flags}, all is as the table has it`, async () => {
    const report = await told(flags!);
    assert.deepEqual(
      [report.listed, report.other, report.merge, report.run, report.removing, report.inherited],
      [listed, other, merge, run, removing, inherited],
    );
    if (ended === "") return assert.equal(report.ended, "refused");
    assert.equal(await isRunning(report.ended as number), ended === "no");
  });
}
