import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, it } from "vitest";
import { root, runtime } from "../support/host.ts";
import { temporaryDirectory } from "../support/temporary.ts";

it("without dockerode ./docker says how to install it, and the rest works", () => {
  // A copy outside of the project, where no package is found.
  const directory = temporaryDirectory();
  const extension = runtime === "node" ? "js" : "ts";
  const sources = runtime === "node" ? join(root, ".build") : root;
  for (const name of [`mod.${extension}`, "src", "backends"]) {
    cpSync(join(sources, name), join(directory, name), { recursive: true });
  }
  writeFileSync(join(directory, "package.json"), `{ "type": "module" }`);
  const program = join(directory, "program.mjs");
  writeFileSync(
    program,
    `import { createExecutor } from "./mod.${extension}";
import { dockerBackend } from "./backends/docker.${extension}";
console.log((await createExecutor().output("echo works")).stdoutText().trim());
const executor = createExecutor({ backend: dockerBackend({ image: "busybox" }) });
const { kind, reason, message } = await executor.output("true").catch((error) => error);
console.log(kind, reason, message);
`,
  );
  const flags = { node: [], deno: ["run", "-A", "--no-config"], bun: ["--no-install"] }[runtime];
  const printed = execFileSync(process.execPath, [...flags, program], { cwd: directory, encoding: "utf8" });
  const command = {
    node: "npm install dockerode",
    deno: "deno add npm:dockerode",
    bun: "bun add dockerode",
  }[runtime];
  expect(printed).toMatch(/^works\nINVALID unsupported .*needs the package dockerode/);
  expect(printed).toContain(`run "${command}"`);
});
