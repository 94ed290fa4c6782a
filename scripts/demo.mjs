/** Runs scripts/demo.ts on every runtime that is here: `npm run demo`. */
import { endedBy, run, runtimes, tsc } from "./tools.mjs";

const { node, deno, bun } = runtimes;
const hosts = {
  // The oldest Node supported cannot run TypeScript: it gets the same program as JavaScript.
  node: [[node, tsc, "-p", "tsconfig.build.json", "--noCheck"], [node, ".build/scripts/demo.js"]],
  deno: deno && [[deno, "run", "-A", "scripts/demo.ts"]],
  bun: bun && [[bun, "scripts/demo.ts"]],
};

const failures = [];
for (const [name, commands] of Object.entries(hosts)) {
  if (endedBy()) break;
  if (!commands) {
    console.log(`\n== ${name} is not installed here and left out`);
    continue;
  }
  console.log(`\n== demo on ${name}`);
  const start = performance.now();
  let code = 0;
  for (const argv of commands) code ||= await run(argv);
  if (code !== 0) failures.push(name);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== demo on ${name} ${code === 0 ? "succeeded" : "FAILED"} after ${seconds} s`);
}
process.exitCode = failures.length > 0 || endedBy() ? 1 : 0;
