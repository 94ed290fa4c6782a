/** docs/benchmarks.md and its plots, made of what was measured. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env, root, run, runtimes } from "../tools.mjs";
import { reasonsFor } from "./limits.mjs";
import { bars, lines } from "./plot.mjs";
import { importTable, markdown, tableOf, targetText } from "./report.mjs";
import { scenarios } from "./scenarios.mjs";

const DOCUMENT = "docs/benchmarks.md";
const PLOTS = "docs/benchmarks";

const INTRODUCTION = `# Benchmarks

Made by \`npm run bench -- --write\`; nothing here is written by hand but the notes. The runs of all contestants are
interleaved: each round gives each of them its turn, in another order, in a process of its own that has been warmed
up (of much output three of them, one after the other). A figure is the median of all rounds, with the quartiles behind it. "Times the first" is the median of the
ratios of each round, so that whatever slowed down a whole round drops out. "Of the processor" is the time of the
processor that the host took, in user and in kernel mode, without its children.

"Bare" is the runtime's own API, used as a careful user would: stdout and stderr piped and collected, the exit
awaited. "Detached" is the same with a process group of its own, as polyspawn starts everything: that is what lets
\`close\` and a timeout reach what the command started. "C" is a loop over \`posix_spawn\` and \`read\`: the limit of
the machine. Peers are called as their documentation shows, with an empty standard input.
`;

/** Writes the document and its plots. */
export async function writeDocument(results) {
  mkdirSync(join(root, PLOTS), { recursive: true });
  const parts = [INTRODUCTION, machine(results), summary(results)];
  for (const scenario of scenarios) {
    const measured = results.scenarios.filter(({ name }) => name === scenario.name);
    if (measured.length > 0) parts.push(section(scenario, measured, results));
  }
  const imports = results.scenarios.filter(({ name }) => name === "import");
  if (imports.length > 0) parts.push(importSection(imports, results));
  writeFileSync(join(root, DOCUMENT), `${parts.join("\n")}\n`);
  await run([runtimes.deno, "fmt", "--quiet", DOCUMENT], { environment: env });
}

function machine({ machine, date, runtimes: measured, peers, limit, quick, minutes }) {
  const names = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${date}: ${Object.values(machine).join(", ")}. ${
    measured.map(({ label }) => label).join(", ")
  }; ${names.join(", ")}. The run took ${minutes} minutes.${
    quick ? " It was a quick one, with few rounds." : ""
  }${limit ? "" : " There was no C compiler, so the limit of the machine is missing."}\n`;
}

/** What was asked for and not reached comes first: a reader should not have to look for it. */
function summary(results) {
  const all = results.scenarios.flatMap(({ name, runtime, targets = [] }) =>
    targets.map((target) => ({ ...target, name, runtime }))
  );
  const missed = all.filter(({ held }) => !held);
  const lines = missed.map((target) =>
    `- [${target.name} on ${labelOf(target.runtime, results)}](#${
      anchor(target.name, target.runtime, results)
    }): ${targetText(target)}`
  );
  const why = missed.length === 0 ? "" : " Each section says why, as far as it is known:";
  return `## Targets\n\n${
    all.length - missed.length
  } of ${all.length} targets were held in this run, ${missed.length} ` +
    `were missed. A target is judged by the median; "within the spread" says that the quartiles lie on both sides of it.` +
    `${why}\n\n${lines.join("\n")}\n`;
}

/** As the heading `name on Node 20.20.2` is linked to. */
function anchor(name, runtime, results) {
  return `${name} on ${labelOf(runtime, results)}`.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
}

/** Why targets were missed on one runtime. */
function why(name, runtime, targets) {
  const missed = targets.filter(({ held }) => !held);
  if (missed.length === 0) return "";
  const reasons = reasonsFor(name, /^[a-z]+/.exec(runtime)[0], missed);
  return `\n**Why missed.** ${reasons.join("\n\n")}\n`;
}

const labelOf = (runtime, { runtimes: measured }) =>
  measured.find(({ name }) => name === runtime)?.label ?? runtime;

function section({ name, title, unit, axis, sizes, note }, measured, results) {
  const groups = measured.map(({ runtime, rows }) => ({ name: labelOf(runtime, results), rows }));
  const plot = sizes ? lines(title, unit, axis, sizes, groups) : bars(title, unit, groups);
  writeFileSync(join(root, PLOTS, `${name}.svg`), plot);
  const tables = measured.map(({ runtime, rows, targets }) => {
    const verdicts = targets.map((target) => `- ${targetText(target)}`).join("\n") + "\n" +
      why(name, runtime, targets);
    return `### ${name} on ${labelOf(runtime, results)}\n\n${
      markdown(tableOf({ unit, rows }))
    }\n\n${verdicts}`;
  });
  return `## ${title}\n\n![${title}](benchmarks/${name}.svg)\n\n${note ? `${note}\n\n` : ""}${
    tables.join("\n")
  }`;
}

function importSection(measured, results) {
  const tables = measured.map(({ runtime, rows }) =>
    `### import on ${labelOf(runtime, results)}\n\n${markdown(importTable(rows))}\n`
  );
  return `## What importing costs\n\nEach time in a fresh process, over importing an empty file. polyspawn is the ` +
    `package as npm users get it, with its modules joined; the backend comes with the first command. Files and sizes ` +
    `are what is imported at once.\n\n${tables.join("\n")}`;
}
