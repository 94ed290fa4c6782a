/**
 * Whether a group is gone: told in time on a busy machine with many processes, whoever reaps or does not.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import process from "node:process";
import { expect, it, onTestFinished } from "vitest";
import { groupGone, type GroupSystem, type Seen } from "../../backends/process_group.ts";
import { createExecutor } from "../../mod.ts";
import { killAll } from "../support/liveness.ts";

const GROUP = 500;

/** A system with these processes, by number: state and group. The one that led the group has ended. */
function system(processes: Record<string, [state: string, group: number]>) {
  const reads: string[] = [];
  const gone = () => Object.assign(new Error("gone"), { code: "ESRCH" });
  const value: GroupSystem = {
    signal: (pid) => {
      const answers = pid < 0
        ? Object.values(processes).some(([, group]) => group === -pid)
        : Object.hasOwn(processes, pid);
      if (!answers) throw gone();
    },
    list: () => [...Object.keys(processes), "cpuinfo"],
    text: (path) => {
      const name = path.split("/")[2]!;
      reads.push(name);
      const found = processes[name];
      if (!found) throw gone();
      return `${name} (a ) b) ${found[0]} 1 ${found[1]} 9 0`;
    },
  };
  return { value, reads, processes };
}

it("an empty group is gone, and one with only zombies too", async () => {
  expect(groupGone(GROUP, system({ 7: ["S", 1] }).value, {})).toBe(true);
  const { value } = system({ 7: ["S", 1], 501: ["Z", GROUP], 502: ["X", GROUP] });
  expect(await groupGone(GROUP, value, {})).toBe(true);
});

it("a group with one that lives is not, and only that one is looked at the next time", async () => {
  const seen: Seen = {};
  const { value, reads, processes } = system({ 7: ["S", 1], 501: ["Z", GROUP], 502: ["S", GROUP] });
  expect(await groupGone(GROUP, value, seen)).toBe(false);
  reads.length = 0;
  expect([await groupGone(GROUP, value, seen), reads]).toEqual([false, ["502"]]);
  // When that one is gone the others count again.
  processes["502"] = ["Z", GROUP];
  processes["503"] = ["R", GROUP];
  expect(await groupGone(GROUP, value, seen)).toBe(false);
  delete processes["503"];
  expect(await groupGone(GROUP, value, seen)).toBe(true);
});

it("many processes leave the event loop its turns", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 30_000 }, (_, i) => [`${1000 + i}`, ["S", 1] as const]),
  );
  const { value } = system({ ...many, 501: ["Z", GROUP] } as Record<string, [string, number]>);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  onTestFinished(() => clearInterval(timer));
  expect(await groupGone(GROUP, value, {})).toBe(true);
  expect(turns).toBeGreaterThan(1);
});

it.skipIf(process.platform === "win32")(
  "close is true in time for many groups at once, with the machine busy and many processes on it",
  async () => {
    const hogs = Array.from(
      { length: 2 * availableParallelism() },
      () => spawn("sh", ["-c", "while :; do :; done"], { detached: true, stdio: "ignore" }),
    );
    onTestFinished(() => hogs.forEach((hog) => killAll(hog.pid!)));
    const crowd = spawn(
      "sh",
      ["-c", "i=0; while [ $i -lt 300 ]; do sleep 100 & i=$((i+1)); done; echo up; wait"],
      { detached: true, stdio: ["ignore", "pipe", "ignore"] },
    );
    onTestFinished(() => killAll(crowd.pid!));
    await once(crowd.stdout, "data");
    const executor = createExecutor({ killGrace: 100 });
    const children = await Promise.all(Array.from({ length: 24 }, async () => {
      const child = await executor.spawn(["sh", "-c", "trap '' TERM; (sleep 100; true) & echo up; exit 0"]);
      for await (const line of child.stdoutStream().lines({ preventCancel: true })) if (line) break;
      return child;
    }));
    expect(await Promise.all(children.map((child) => child.close()))).toEqual(children.map(() => true));
  },
);
