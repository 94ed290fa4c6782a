import process from "node:process";
import { describe, expect, it } from "vitest";
import { runHost, runtime } from "../support/host.ts";

const PORTABLE = /^(mod\.ts|src\/(?!testing\/).*|backends\/(default|room)\.ts)$/;
/** Files of this project, modules with a public name, packages; and not what a runtime has loaded for itself. */
const FOREIGN = /^(?!node:internal\/|ext:)/;

describe("importing the package", () => {
  it("loads no backend, no module of a runtime and no package until a command is run", async () => {
    const host = await runHost("import_only");
    expect(host).toMatchObject({ exitCode: 0, stderr: "" });
    const { imported, made, ran } = host.report as Record<string, string[]>;
    expect(imported).toContain("mod.ts");
    expect(imported!.filter((path) => !PORTABLE.test(path))).toEqual([]);
    // What runs commands is there for the first one, and was not before.
    expect(imported).not.toContain("src/managed_process.ts");
    expect(made).toContain("src/managed_process.ts");
    expect(made!.filter((path) => FOREIGN.test(path) && !PORTABLE.test(path))).toEqual([]);
    // Only because a backend is seen when it is loaded does its absence above mean anything.
    const [own, other] = runtime === "deno" ? ["deno", "node"] : ["node", "deno"];
    expect(ran).toContain(`backends/${own}.ts`);
    expect(ran).not.toContain(`backends/${other}.ts`);
    if (runtime === "node") expect(ran).toContain("node:child_process");
    if (process.platform !== "win32") expect(ran!.filter((path) => path.includes("cross-spawn"))).toEqual([]);
  });
});
