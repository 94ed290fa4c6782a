/** Tables, on the terminal and in Markdown. */

const digits = (value) =>
  value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(2);
const range = ({ median, low, high }) => `${digits(median)} (${digits(low)}–${digits(high)})`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

/** The columns that what was measured has, as names and cells. */
export function tableOf({ unit, rows }) {
  const measured = rows.filter((row) => row.wall);
  const columns = [
    ["", (row) => row.label],
    [`time, ${unit}`, (row) => range(row.wall)],
    ["times the first", (row) => row.ratio.median.toFixed(2)],
  ];
  if (measured.some((row) => row.cpu)) {
    columns.push([`of the processor, ${unit}`, (row) => row.cpu ? range(row.cpu) : ""]);
  }
  if (measured.some((row) => row.loop)) {
    columns.push([
      "loop blocked, p95 / most, ms",
      (row) => row.loop ? `${digits(row.loop.p95.median)} / ${digits(row.loop.max.median)}` : "",
    ]);
  }
  if (measured.some((row) => row.memory)) {
    columns.push(["peak memory", (row) => row.memory ? megabytes(row.memory.peak) : ""]);
  }
  const cells = rows.map((row) =>
    row.wall
      ? columns.map(([, cell]) => cell(row))
      : [row.label, `does not run: ${row.problem}`, ...columns.slice(2).map(() => "")]
  );
  return { names: columns.map(([name]) => name), cells };
}

export function importTable(rows) {
  const [empty] = rows;
  return {
    names: ["", "over an empty module, ms", "of the processor, ms", "files", "size", "gzip"],
    cells: rows.slice(1).map(({ label, wall, cpu, size, problem }) => [
      label,
      wall ? digits(Math.max(0, wall.median - empty.wall.median)) : `does not run: ${problem}`,
      cpu ? digits(Math.max(0, cpu.median - empty.cpu.median)) : "",
      String(size.files),
      `${(size.bytes / 1000).toFixed(0)} kB`,
      `${(size.gzip / 1000).toFixed(0)} kB`,
    ]),
  };
}

export function markdown({ names, cells }) {
  const line = (row) => `| ${row.join(" | ")} |`;
  return [line(names), line(names.map((_, i) => i === 0 ? "---" : "---:")), ...cells.map(line)].join("\n");
}

function terminal({ names, cells }) {
  const widths = names.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => Math.min(row[i].length, 44)))
  );
  const line = (row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ");
  return [line(names), ...cells.map(line)].join("\n");
}

export function targetText({ of, what, got, most, unit, held, spread }) {
  const show = (value) =>
    unit === "bytes" ? megabytes(value) : unit === "ratio" ? value.toFixed(2) : `${digits(value)} ${unit}`;
  const quartiles = spread?.low === undefined ? "" : ` (${show(spread.low)}–${show(spread.high)})`;
  // A parity that the quartiles lie on both sides of can't be told from a miss.
  const close = !held && spread?.low <= most ? ", within the spread" : "";
  return `${held ? "held" : `MISSED${close}`}: ${of}, ${what}: ${show(got)}${quartiles}, at most ${
    show(most)
  }`;
}

export function printScenario({ name, title, unit }, runtime, rows, targets) {
  console.log(`\n${name} on ${runtime.label}: ${title}`);
  console.log(terminal(tableOf({ unit, rows })));
  for (const target of targets) console.log(targetText(target));
}

export function printImports(runtime, rows) {
  console.log(`\nimport on ${runtime.label}`);
  console.log(terminal(importTable(rows)));
}
