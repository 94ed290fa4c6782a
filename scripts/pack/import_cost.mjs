/** What importing "." costs over importing the empty module of an empty package. */
import { succeed } from "./capture.mjs";
import { check, expect } from "./report.mjs";

/** What is promised, in ms: 2 to 3 were measured, so that another machine may be slower. */
const MOST = 5;
const RUNS = 15;
/** Where other work on the machine leaves no run undisturbed, more of them are tried before the cost is too high. */
const ROUNDS = 8;

/**
 * Measures on one Node, in a process of its own each time. What counts is the time that passes; or that of the processor
 * where it is less, because other work on the machine draws out the first, and threads beside the main one add to the
 * second. And the least of each, because that can only add.
 */
export async function checkImportCost(packageName, { name, path }, consumer) {
  await check(`${packageName} on ${name}: cost of import`, async () => {
    const measured = { empty: [], polyspawn: [] };
    const cost = (kind, pick) => {
      const [empty, ours] = Object.values(measured).map((runs) => pick(runs.map((run) => run[kind])));
      return ours - empty;
    };
    let [cpu, wall] = [Infinity, Infinity];
    for (let round = 0; round < ROUNDS && Math.min(cpu, wall) >= MOST; round++) {
      for (let run = 0; run < RUNS; run++) {
        for (const module of Object.keys(measured)) {
          measured[module].push(
            JSON.parse(await succeed([path, "import_time.mjs", module], { cwd: consumer })),
          );
        }
      }
      [cpu, wall] = [cost("cpu", least), cost("wall", least)];
    }
    const figures = `${wall.toFixed(1)} ms pass at least over an empty module, ` +
      `${cost("wall", median).toFixed(1)} ms in the median; ${cpu.toFixed(1)} ms of the processor`;
    expect(Math.min(cpu, wall) < MOST, `${figures}; MORE than the ${MOST} ms promised`);
    return figures;
  });
}

function least(values) {
  return Math.min(...values);
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}
