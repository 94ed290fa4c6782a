/**
 * Holds GOTCHAS.md to its tests: each hazard says which tests hold it, or why none does, and what it says is there.
 *
 * A hazard is a section of level 3, and has a line that begins with `**Held by:**`, with links such as
 * `[a part of the test's title](test/x.test.ts)`, or one that begins with `**Not tested:**`, with the reason.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tools.mjs";

const FILE = "GOTCHAS.md";
const problems = [];
const sections = readFileSync(join(root, FILE), "utf8").split(/^(?=#{2,3} )/m).filter((text) =>
  text.startsWith("### ")
);
let links = 0;
for (const section of sections) {
  const title = section.slice(4, section.indexOf("\n"));
  // Held lines may be wrapped: a paragraph.
  const paragraphs = section.split(/\n\s*\n/).filter((text) => /^\*\*(Held by|Not tested):\*\*/.test(text));
  if (paragraphs.length === 0) problems.push(`"${title}" says neither "**Held by:**" nor "**Not tested:**".`);
  for (const paragraph of paragraphs) {
    const found = [...paragraph.replace(/\s+/g, " ").matchAll(/\[((?:\\.|[^\]])*)\]\(([^)]+)\)/g)];
    if (found.length === 0 && paragraph.startsWith("**Held")) problems.push(`"${title}" names no test.`);
    for (const [, text, path] of found) {
      links++;
      const file = join(root, path);
      const words = text.replace(/\\(.)/g, "$1");
      if (!existsSync(file)) problems.push(`"${title}": there is no ${path}.`);
      else if (!readFileSync(file, "utf8").replace(/\s+/g, " ").includes(words)) {
        problems.push(`"${title}": ${path} has no test with "${words}" in its title.`);
      }
    }
  }
}
for (const problem of problems) console.error(`${FILE}: ${problem}`);
console.log(`${sections.length} hazards with ${links} links to tests, ${problems.length} of them wrong`);
process.exitCode = problems.length > 0 ? 1 : 0;
