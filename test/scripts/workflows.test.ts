/** What the workflows of GitHub call is there: nobody can run them here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const directory = join(root, ".github/workflows");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

it.each(readdirSync(directory))("every script that %s calls exists", (name) => {
  const text = readFileSync(join(directory, name), "utf8");
  const npm = [...text.matchAll(/\bnpm (?:run ([\w:]+)|(test))/g)].map(([, script, test]) => script ?? test!);
  const files = [...text.matchAll(/(?:\bnode |run: )((?:scripts|\.ci)\/[\w./]+)/g)].map(([, file]) => file!);
  expect(npm.length + files.length).toBeGreaterThan(0);
  for (const script of npm) expect(scripts).toHaveProperty([script]);
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
});
