/**
 * A host that is killed by SIGKILL, with a watchdog and without.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Report, runHost, runtime } from "../support/host.ts";
import { isInstalled } from "../support/installed.ts";
import { isRunning, killAll } from "../support/liveness.ts";
import { until } from "../support/within.ts";

/** The watchdogs of a host, by what is shown of them. */
function watchdogsOf(host: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(parent) === host &&
        readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("polyspawn-watchdog");
    } catch {
      return false;
    }
  });
}

/** What the descriptors of a process from `first` on lead to, but for those that whoever runs these tests leaves to all. */
function descriptorsOf(pid: number, first = 0): string[] {
  const [found, everybodys] = [pid, process.pid].map((each) =>
    readdirSync(`/proc/${each}/fd`).filter((fd) => Number(fd) >= first).map((fd) => {
      try {
        return readlinkSync(`/proc/${each}/fd/${fd}`);
      } catch {
        return "";
      }
    })
  );
  return found!.filter((name) => !everybodys!.includes(name));
}

/** Runs a host that waits, and kills it once it is ready. */
function killHost(words: string[], look: (report: Report, host: number) => void = () => {}) {
  return runHost("end", {
    args: ["wait", ...words],
    onReport: ({ ready }, report, host) => {
      if (ready !== true) return;
      look(report, host.pid!);
      process.kill(host.pid!, "SIGKILL");
    },
  });
}

/** What watches on request, by the words of a host. */
const watchers = runtime === "node"
  ? { "a watchdog": "watchdog", "a spawning helper": "helper" }
  : { "a watchdog": "watchdog" };

/** Runs a command where `/bin/sh` can't be executed. */
const withoutShell = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c"]
  .concat('mount --bind /dev/null "$(readlink -f /bin/sh)" && exec "$@"', "bash");
const canHideShell = isInstalled("unshare") && isInstalled("bash") &&
  spawnSync(withoutShell[0]!, [...withoutShell.slice(1), "/bin/true"]).status === 0;

/** What a host told of, which runHost leaves alone. */
const pids = (report: Report) => [report["child"], report["grandchild"]] as number[];

/** Waits until none of the processes of a host runs; ends them all the same when they go on. */
async function untilGone(report: Report): Promise<void> {
  const started = pids(report).filter((pid) => pid !== undefined);
  onTestFinished(() => started.forEach(killAll));
  expect(started).not.toEqual([]);
  await until(() => !started.some(isRunning));
}

describe.skipIf(process.platform !== "linux")("a host killed by SIGKILL", () => {
  const kinds = {
    "a child and its child": [],
    "a merged child": ["merged"],
    "what a child left behind": ["leaver"],
    "what a child leaves that ends with the host": ["reader"],
    "a child that it does not wait for": ["unref"],
    "a child, signals being its own affair": ["no signals"],
  };
  for (const [watcher, word] of Object.entries(watchers)) {
    for (const [kind, words] of Object.entries(kinds)) {
      it(`takes along ${kind}, with ${watcher}`, async () => {
        const { signal, report } = await killHost([word, ...words]);
        expect(signal).toBe("SIGKILL");
        await untilGone(report);
      });
    }

    it(`takes along a child that it was told of only just before, with ${watcher}`, async () => {
      for (let i = 0; i < 5; i++) {
        const { signal, report } = await runHost("end", { args: ["kill itself at once", word] });
        expect(signal).toBe("SIGKILL");
        await untilGone(report);
      }
    });
  }

  it("leaves its children behind without a watchdog, of which there is none then", async () => {
    let watchdogs: number[] | undefined;
    const { report } = await killHost([], (_, host) => watchdogs = watchdogsOf(host));
    const left = pids(report).filter(isRunning);
    left.forEach(killAll);
    expect(watchdogs).toEqual([]);
    expect(left).toEqual(pids(report));
  });
});

describe.skipIf(process.platform !== "linux")("a watchdog", () => {
  it("is one a host, in a session of its own, and holds nothing of the host's", async () => {
    let seen: { own: string[]; session: string; cwd: string; of: number[] } | undefined;
    await killHost(["watchdog"], (_, host) => {
      const of = watchdogsOf(host);
      const [pid] = of as [number];
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ");
      seen = { own: descriptorsOf(pid), session: stat[3]!, cwd: readlinkSync(`/proc/${pid}/cwd`), of };
    });
    expect(seen?.of).toHaveLength(1);
    expect(seen?.session).toBe(String(seen?.of[0]));
    expect(seen?.cwd).toBe("/");
    const own = seen!.own.filter((name) => name !== "/dev/null");
    expect(own).toEqual([expect.stringMatching(/^(socket|pipe):/)]);
  });

  it("gives no child its pipe, which would hide the end of the host", async () => {
    let more: string[] | undefined;
    await killHost(["watchdog"], (report) => more = pids(report).flatMap((pid) => descriptorsOf(pid, 3)));
    expect(more).toEqual([]);
  });

  it("goes when the last child has gone, keeps no host alive, and is there again for the next", async () => {
    const host = await runHost("watchdog_life");
    expect(host).toMatchObject({ exitCode: 0, stderr: "" });
    const { during, after, again, watchdogs } = host.report as Record<string, number>;
    expect([during, after, again]).toEqual([1, 0, 1]);
    await until(() => !(watchdogs as unknown as number[]).some(isRunning));
    expect(host.report["lingeredMs"]).toBeLessThan(3_000);
  });

  it("is replaced when somebody ends it, and the next one knows all children", async () => {
    const { report } = await runHost("watchdog_life", {
      args: ["killed"],
      onReport: ({ ready }, _, host) => void (ready === true && process.kill(host.pid!, "SIGKILL")),
    });
    expect(report["replaced"]).toBe(true);
    await untilGone(report);
  });

  // Needs a kernel and a user that may make namespaces.
  it.skipIf(!canHideShell)("that can't be started costs a warning, once, and no command", async () => {
    const host = await runHost("watchdog_life", { args: ["commands"], under: withoutShell });
    expect(host.exitCode).toBe(0);
    expect(host.report["outputs"]).toEqual(["one\n", "two\n"]);
    expect(host.stderr.match(/there is no watchdog/g)).toHaveLength(1);
  });

  for (const [watcher, word] of Object.entries(watchers)) {
    it(`takes a terminated worker's children along: ${watcher}`, async () => {
      const host = await runHost("watchdog_worker", { args: [word] });
      expect(host).toMatchObject({ exitCode: 0 });
      expect(host.report).toMatchObject({ ran: true, taken: true });
    });
  }

  it.skipIf(runtime !== "deno")("is warned about once where Deno does not allow a shell", async () => {
    const host = await runHost("watchdog_life", { args: ["commands"], flags: ["--allow-run=echo"] });
    expect(host.report["outputs"]).toEqual(["one\n", "two\n"]);
    expect(host.stderr.match(/there is no watchdog/g)).toHaveLength(1);
  });
});
