/**
 * `npm audit` of what users install: fails on a known vulnerability. Where the registry does not answer audits it says
 * so, and fails nothing.
 *
 *   node scripts/audit.mjs
 */
import { spawnSync } from "node:child_process";
import { root } from "./tools.mjs";

const { stdout, stderr } = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
  cwd: root,
  encoding: "utf8",
  timeout: 120_000,
});
const report = parse(stdout);
const counts = report?.metadata?.vulnerabilities;
if (counts === undefined) {
  const [why = "no answer"] = [report?.message, report?.error?.summary, stderr.trim()].filter(Boolean);
  console.log(
    `Not audited: the registry does not answer audits (${why.split("\n")[0].replace(/https?:\S+/g, "…")}).`,
  );
} else if (counts.total === 0) {
  console.log(
    `No known vulnerability in ${report.metadata.dependencies?.prod ?? "the"} packages that users install.`,
  );
} else {
  console.log(JSON.stringify(report.vulnerabilities, undefined, 2));
  console.error(`${counts.total} known vulnerabilities in what users install: see above.`);
  process.exitCode = 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
