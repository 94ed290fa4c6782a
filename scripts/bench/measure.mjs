/** Runs one scenario on one runtime: rounds in which each contestant has its turn, so that all meet the same machine. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Host } from "./hosts.mjs";
import { ratio, spread } from "./statistics.mjs";

const runFile = promisify(execFile);

/**
 * Answers the rows of a scenario; a contestant that does not run there says why in its row.
 * @param options where `pool` is given, hosts come from it, by their subject, and stay there
 */
export async function measure(scenario, runtime, { limitProgram, environment, rounds, pool }) {
  const contestants = scenario.contestants(runtime).filter(({ c }) => !c || (limitProgram && scenario.limit));
  const entrants = [];
  const rows = [];
  try {
    for (const contestant of contestants) {
      const row = { label: contestant.label, peer: contestant.peer === true, wall: [], cpu: [] };
      rows.push(row);
      try {
        entrants.push({
          row,
          contestant,
          ...(await enter(contestant, scenario, runtime, { limitProgram, environment, pool })),
        });
      } catch (error) {
        row.problem = error.message;
      }
    }
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another one: what the one before left the machine in troubles each alike.
      for (let i = 0; i < entrants.length; i++) {
        const entrant = entrants[(i + round) % entrants.length];
        if (entrant.row.problem) continue;
        // A host keeps to a pace that it happened to begin with, or is the one that began: others count as well.
        if (round > 0 && round % (scenario.hostRounds ?? Infinity) === 0) await renew(entrant);
        await take(entrant);
      }
    }
    entrants.forEach(noteMemory);
  } finally {
    if (!pool) { for (const { host } of entrants) host?.end(); }
  }
  return rows.map((row) => summary(row, rows, scenario));

  /** Another host in the place of the one before. */
  async function renew(entrant) {
    if (!entrant.host) return;
    noteMemory(entrant);
    entrant.host.end();
    try {
      Object.assign(entrant, await enter(entrant.contestant, scenario, runtime, { environment }));
    } catch (error) {
      entrant.row.problem = error.message;
    }
  }

  /** The most memory that any of its hosts took. */
  function noteMemory({ row, host, before }) {
    const memory = scenario.memory && host?.memory();
    if (!memory) return;
    const { peak = 0, growth = 0 } = row.memory ?? {};
    row.memory = {
      peak: Math.max(peak, memory.peak),
      growth: Math.max(growth, memory.peak - before.peak),
    };
  }
}

/** Starts what a contestant needs, and warms it up. */
async function enter(contestant, scenario, runtime, { limitProgram, environment, pool }) {
  const { c, subject, method, options, work = scenario.work } = contestant;
  const { ballast, limit } = scenario;
  if (c) {
    const units = work.count ?? 1;
    return {
      perform: async () => {
        const { stdout } = await runFile(limitProgram, limit(work).map(String));
        return { wall: Number(stdout) / units };
      },
    };
  }
  const host = pool?.get(subject) ?? await Host.start({ runtime, subject, ballast, environment });
  pool?.set(subject, host);
  const perform = () => host.ask({ ...work, method, options });
  try {
    // What the first command of a host loads and compiles is none of what much output costs.
    if (scenario.memory) await host.ask({ ...work, ...work.least, method, options });
    const before = host.memory();
    if (!scenario.fresh) await host.ask(warmUp({ ...work, method, options }));
    return { host, before, perform };
  } catch (error) {
    pool?.delete(subject);
    host.end();
    throw error;
  }
}

/** The same work, as much of it as has everything loaded and compiled; half of a round where a scenario does not say. */
function warmUp({ warmUp, ...work }) {
  if (warmUp !== undefined) return { ...work, count: warmUp };
  return work.count > 20 ? { ...work, count: Math.max(20, work.count >> 1) } : work;
}

async function take({ row, perform }) {
  try {
    const { wall, cpu, loopP95, loopMax } = await perform();
    row.wall.push(wall);
    if (cpu !== undefined) row.cpu.push(cpu);
    if (loopMax !== undefined) (row.loop ??= []).push({ p95: loopP95, max: loopMax });
  } catch (error) {
    row.problem = error.message;
  }
}

function summary(row, rows, { scale = 1 }) {
  const { label, peer, problem, wall, cpu, loop, memory } = row;
  if (problem || wall.length === 0) return { label, peer, problem: problem ?? "not measured" };
  const base = rows.find((each) => !each.problem && each.wall.length === wall.length);
  const scaled = (values) => values.map((value) => value * scale);
  return {
    label,
    peer,
    wall: spread(scaled(wall)),
    ratio: ratio(wall, base.wall),
    ...(cpu.length > 0 &&
      { cpu: spread(scaled(cpu)), cpuRatio: base.cpu.length === cpu.length && ratio(cpu, base.cpu) }),
    ...(loop &&
      { loop: { p95: spread(loop.map(({ p95 }) => p95)), max: spread(loop.map(({ max }) => max)) } }),
    ...(memory && { memory }),
    rounds: wall.length,
    raw: wall,
    rawCpu: cpu,
  };
}

/** How the targets of a scenario came out, as far as what they are about was measured. */
export function judge(scenario, runtime, rows) {
  const find = (label) => rows.find((row) => row.label === label && !row.problem);
  return scenario.targets(runtime).flatMap(({ of, most, against, memory, growth, value }) => {
    const row = find(of);
    if (!row) return [];
    if (memory) return row.memory ? [verdict(of, "peak memory", row.memory.peak, memory, "bytes")] : [];
    if (growth) {
      return row.memory ? [verdict(of, "growth of memory", row.memory.growth, growth, "bytes")] : [];
    }
    if (value) return [verdict(of, "time for each", row.wall.median, value, scenario.unit)];
    const measured = rows.filter((each) => each.wall);
    const others = against === "peers"
      ? measured.filter(({ peer }) => peer)
      : against
      ? measured.filter(({ label }) => label === against)
      : measured.slice(0, 1);
    return others.map((other) => {
      const paired = row.raw.length === other.raw.length;
      const times = paired ? ratio(row.raw, other.raw) : { median: row.wall.median / other.wall.median };
      return { ...verdict(of, `times ${other.label}`, times.median, most, "ratio"), spread: times };
    });
  });
}

function verdict(of, what, got, most, unit) {
  return { of, what, got, most, unit, held: got <= most };
}
