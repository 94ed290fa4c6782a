/** What others know of broken packages: publint, and "Are the types wrong?". */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runtimes } from "../tools.mjs";
import { capture, npmInstall } from "./capture.mjs";
import { check, expect } from "./report.mjs";

/** Installs them into a directory of their own: they are large, and nothing else needs them. */
export async function installLinters(directory) {
  mkdirSync(directory, { recursive: true });
  await npmInstall(directory, ["publint@^0.3.25", "@arethetypeswrong/cli@^0.18.5"]);
  return join(directory, "node_modules");
}

/** Runs them on a tarball. */
export async function checkByLinters({ name, path }, modules) {
  const linters = {
    publint: ["publint/src/cli.js", "run", path, "--strict"],
    attw: ["@arethetypeswrong/cli/dist/index.js", path, "--profile", "esm-only"],
  };
  for (const [title, [program, ...args]] of Object.entries(linters)) {
    await check(`${name}: ${title}`, async () => {
      const { code, text } = await capture([runtimes.node, join(modules, program), ...args], {
        cwd: modules,
      });
      expect(code === 0, text.trim());
    });
  }
}
