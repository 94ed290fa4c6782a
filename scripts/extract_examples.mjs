/** The examples of the documentation: every fenced block of TypeScript in Markdown and in doc comments. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tools.mjs";

/** What may stand behind "ts" in a fence: the test framework the example is for, as frameworks.mjs has it. */
export const FRAMEWORK_FLAGS = {
  "vitest": "vitest",
  "node-test": "node:test",
  "deno-test": "deno test",
  "bun-test": "bun test",
};

/** What else may: what the example is not for, and that it needs a Docker engine. */
const FLAGS = ["ignore", "ignore-node", "ignore-deno", "docker", ...Object.keys(FRAMEWORK_FLAGS)];

/**
 * An example: the file it stands in, the line of its first line, and what it is for or not for.
 * @typedef {{ file: string, line: number, code: string, flags: string[] }} Example
 */

/** Every example of the project, in the order of files and lines. */
export function allExamples() {
  return documentedFiles().flatMap((file) => extract(file, readFileSync(join(root, file), "utf8")));
}

function documentedFiles() {
  const below = (directory, extension, recursive) =>
    existsSync(join(root, directory))
      ? readdirSync(join(root, directory), { recursive })
        .map((name) => `${directory}/${name.replaceAll("\\", "/")}`)
        .filter((name) => name.endsWith(extension)).sort()
      : [];
  const pages = ["README.md", "GOTCHAS.md", ...below("docs", ".md", false)];
  const sources = ["mod.ts", ...below("backends", ".ts", true), ...below("src", ".ts", true)];
  return [...pages, ...sources].filter((file) => existsSync(join(root, file)));
}

/** The examples in the text of a file; throws at a fence that would go unchecked by a slip. */
export function extract(file, text) {
  const comment = file.endsWith(".ts") ? "[ \\t]*\\* ?" : "";
  const fence = new RegExp(`^${comment}\`\`\`(\\w*) ?(.*)$`);
  const margin = new RegExp(`^${comment}`);
  const examples = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const [, language, rest] = fence.exec(line) ?? [];
    if (language === undefined) open?.lines.push(line.replace(margin, ""));
    else if (open) {
      if (open.language === "ts") {
        examples.push({ file, line: open.line, code: open.lines.join("\n"), flags: open.flags });
      }
      open = undefined;
    } else {
      const flags = rest.split(/[\s,]+/).filter(Boolean);
      const where = `${file}:${index + 1}`;
      if (/^(?:typescript|tsx|js|javascript|mjs|mts)$/.test(language)) {
        throw new Error(`${where}: mark the block as "ts", so that it is checked`);
      }
      const unknown = language === "ts" ? flags.filter((flag) => !FLAGS.includes(flag)) : [];
      if (unknown.length > 0) {
        throw new Error(`${where}: unknown mark "${unknown[0]}", known are ${FLAGS.join(", ")}`);
      }
      open = { language, flags, line: index + 2, lines: [] };
    }
  }
  if (open) throw new Error(`${file}:${open.line - 1}: the block is never closed`);
  return examples;
}
