/**
 * How a process and its group are ended: signals, grace, and when nothing is left.
 */
import { describe, expect, it } from "vitest";
import { Ending } from "../src/ending.ts";
import type { ProcessOptions } from "../src/options.ts";
import { ManualClock, settle } from "./support/manual_clock.ts";
import { outcome } from "./support/outcome.ts";
import { runningScene, scene } from "./support/scene.ts";
import { ScriptedBackend, ScriptedChild } from "./support/scripted_backend.ts";

const PENDING = "(pending)";

/** What a signal does to a child that ignores the polite one. */
function ignoresSigterm(child: ScriptedChild): void {
  child.onKill = (signal) => {
    if (signal === "SIGKILL") child.dieOf(signal);
  };
}

/** A child that dies of SIGTERM at once, with a descendant in its group that only SIGKILL ends. */
function leavesStubbornDescendant(child: ScriptedChild): void {
  let descendantLives = true;
  child.onKill = (signal) => {
    if (signal === "SIGKILL") descendantLives = false;
    child.dieOf(signal);
  };
  child.isGone = () => !descendantLives;
}

/** An ending of a child that nothing else ends. */
function endingOf(child: ScriptedChild, clock: ManualClock): Ending {
  const told = { onKill: () => {}, onGone: () => {} };
  return new Ending({ child, clock, group: true, tree: false, ...told });
}

describe("close", () => {
  it("sends SIGTERM to the group, and is true once it is gone", async () => {
    const { process, child, clock } = await runningScene();
    expect(await process.close()).toBe(true);
    expect([child.kills, await process.wait(), clock.pending]).toEqual([["SIGTERM group"], 143, 0]);
  });

  it.each<[what: string, defaults: { killGrace?: number }, options: ProcessOptions, grace: number]>([
    ["5 s", {}, {}, 5000],
    ["the executor's killGrace", { killGrace: 700 }, {}, 700],
    ["the call's killGrace", { killGrace: 700 }, { killGrace: 80 }, 80],
    ["a killGrace beyond 2^31", {}, { killGrace: 2 ** 33 }, 2 ** 33],
  ])("sends SIGKILL after %s, not sooner and not later", async (_, defaults, options, grace) => {
    const { process, child, clock } = await runningScene(options, scene(defaults));
    ignoresSigterm(child);
    const closed = process.close();
    await clock.advance(grace - 1);
    expect(child.kills).toEqual(["SIGTERM group"]);
    await clock.advance(1);
    expect(child.kills).toEqual(["SIGTERM group", "SIGKILL group"]);
    expect([await closed, await process.wait(), clock.pending]).toEqual([true, 137, 0]);
  });

  it.each<[how: string, options: ProcessOptions, force: boolean]>([
    ["close(true)", {}, true],
    ["a killGrace of 0", { killGrace: 0 }, false],
  ])("by %s sends SIGKILL at once", async (_, options, force) => {
    const { process, child, clock } = await runningScene(options);
    expect(await process.close(force)).toBe(true);
    expect([child.kills, clock.pending]).toEqual([["SIGKILL group"], 0]);
  });

  it("waits for all of the group, and kills what outlives the grace", async () => {
    const { process, child, clock } = await runningScene();
    leavesStubbornDescendant(child);
    const closed = process.close();
    await clock.advance(4999);
    expect([await outcome(() => closed), process.exitStatus?.code, child.kills]).toEqual([
      PENDING,
      143,
      ["SIGTERM group"],
    ]);
    await clock.advance(1);
    expect([await closed, child.kills]).toEqual([true, ["SIGTERM group", "SIGKILL group"]]);
  });

  it("sees within 50 ms that the group is gone", async () => {
    const { process, child, clock } = await runningScene();
    child.isGone = () => clock.now() >= gone;
    const gone = clock.now() + 1234;
    const closed = process.close();
    await clock.advance(1234 + 50);
    expect([await closed, child.kills, clock.pending]).toEqual([true, ["SIGTERM group"], 0]);
  });

  it("ends what an exited process left in its group", async () => {
    const { process, child } = await runningScene();
    let left = true;
    child.isGone = () => !left;
    child.onKill = () => void (left = false);
    child.exitWith(0);
    await process.wait();
    expect([await process.close(), child.kills, await process.wait()]).toEqual([true, ["SIGTERM group"], 0]);
  });

  it("is false when something of the group is there 2 s after SIGKILL, and may be tried again", async () => {
    const { process, child, clock } = await runningScene();
    let left = true;
    child.isGone = () => !left;
    const closed = process.close();
    await clock.advance(5000 + 1999);
    expect(await outcome(() => closed)).toBe(PENDING);
    await clock.advance(1);
    expect([await outcome(() => closed), clock.pending]).toEqual([false, 0]);
    left = false;
    const asked = child.kills.length;
    expect([await process.close(), child.kills.length]).toEqual([true, asked]);
  });

  it("is false, and no more, when the process itself can't be ended", async () => {
    const { process, child, clock } = await runningScene();
    child.onKill = () => {};
    const closed = process.close(true);
    await clock.advance(2000);
    expect([await outcome(() => closed), process.state, process.exitStatus]).toEqual([
      false,
      "closed",
      undefined,
    ]);
    child.dieOf("SIGKILL");
    expect([await process.wait(), await process.close()]).toEqual([137, true]);
  });

  it("without groups ends the process, and knows of nothing else", async () => {
    const { process, child } = await runningScene(
      {},
      scene({}, new ScriptedBackend({ processGroups: false })),
    );
    child.isGone = () => {
      throw new Error("There is no group to ask about.");
    };
    expect([await process.close(), child.kills]).toEqual([true, ["SIGTERM process"]]);
  });

  it("leaves the group alone that the child shares with the host", async () => {
    const { process, child } = await runningScene({ stdin: "inherit" });
    expect([await process.close(), child.kills]).toEqual([true, ["SIGTERM process"]]);
  });

  it.each<[force: boolean]>([[false], [true]])("twice at once is one ending: close(%s)", async (force) => {
    const { process, child } = await runningScene();
    expect(await Promise.all([process.close(force), process.close(force)])).toEqual([true, true]);
    expect(child.kills).toHaveLength(1);
  });
});

describe("close(true) overtakes a close under way", () => {
  it.each([0, 1, 4999])("%d ms later", async (ms) => {
    const { process, child, clock } = await runningScene();
    ignoresSigterm(child);
    const polite = process.close();
    await clock.advance(ms);
    const forced = process.close(true);
    expect([await outcome(() => forced), await outcome(() => polite)]).toEqual([true, true]);
    expect([child.kills, clock.pending]).toEqual([["SIGTERM group", "SIGKILL group"], 0]);
  });

  it("called right after it", async () => {
    const { process, child } = await runningScene();
    ignoresSigterm(child);
    const closes = [process.close(), process.close(true)];
    expect(await outcome(() => Promise.all(closes))).toEqual([true, true]);
    expect(child.kills.at(-1)).toBe("SIGKILL group");
  });

  it("while a backend that is far away delivers SIGTERM", async () => {
    const { process, child } = await runningScene();
    let deliver!: () => void;
    child.onKill = (signal) => {
      if (signal === "SIGKILL") return child.dieOf(signal);
      return new Promise((resolve) => deliver = resolve);
    };
    const closes = [process.close(), settle().then(() => process.close(true))];
    await settle();
    await settle();
    deliver();
    expect(await outcome(() => Promise.all(closes))).toEqual([true, true]);
  });

  it("also one that a timeout began", async () => {
    const { process, child, clock } = await runningScene({ timeout: 10 });
    ignoresSigterm(child);
    const waited = outcome(() => process.wait());
    await clock.advance(10);
    expect([await process.close(true), await waited]).toEqual([true, "(pending)"]);
    expect([child.kills, await outcome(() => process.wait())]).toEqual([
      ["SIGTERM group", "SIGKILL group"],
      "timed_out",
    ]);
  });
});

describe("of several endings under way", () => {
  async function expectShortestToCount(graces: number[]) {
    const { backend } = await runningScene();
    const child = new ScriptedChild(backend.requests[0]!, 1);
    ignoresSigterm(child);
    const clock = new ManualClock();
    const ending = endingOf(child, clock);
    void child.exit.then(() => ending.leaderExited());
    const ends: Promise<boolean>[] = [];
    for (const grace of graces) {
      ends.push(ending.end(grace));
      await settle();
    }
    await clock.advance(499);
    expect(child.kills).toEqual(["SIGTERM group"]);
    await clock.advance(1);
    expect(child.kills).toEqual(["SIGTERM group", "SIGKILL group"]);
    expect(await Promise.all(ends)).toEqual(graces.map(() => true));
    expect([await ending.end(0), clock.pending]).toEqual([true, 0]);
  }

  it.each<[graces: number[]]>([[[5000, 500]], [[500, 5000]], [[5000, 500, 5000]], [[5000, 500, 2000, 700]]])(
    "the shortest grace counts: %j",
    expectShortestToCount,
  );
});

describe("a group that was once seen empty", () => {
  it("at the exit of its leader is neither signalled nor asked about again", async () => {
    const { process, child } = await runningScene();
    child.exitWith(0);
    await process.wait();
    const { probes } = child;
    child.isGone = () => false;
    expect([await process.close(), await process.close(true), child.kills, child.probes]).toEqual([
      true,
      true,
      [],
      probes,
    ]);
  });

  it("is asked about before anybody can wait, as its number may be used again", async () => {
    const { process, child } = await runningScene();
    let probesAtExit = 0;
    const waited = process.wait().then(() => probesAtExit = child.probes);
    child.exitWith(0);
    await waited;
    expect(probesAtExit).toBe(1);
  });

  it("is left alone also where the answer takes time", async () => {
    const { process, child } = await runningScene();
    child.isGone = () => settle().then(() => true);
    child.exitWith(0);
    await process.wait();
    await settle();
    child.isGone = () => Promise.resolve(false);
    expect([await process.close(), child.kills]).toEqual([true, []]);
  });

  it("in the very turn in which close is called is left alone", async () => {
    const { process, child } = await runningScene();
    child.exitWith(0);
    const closed = process.close();
    expect([await closed, child.kills]).toEqual([true, []]);
  });

  it("by close is left alone by the next close", async () => {
    const { process, child } = await runningScene();
    await process.close();
    child.isGone = () => false;
    expect([await process.close(true), child.kills]).toEqual([true, ["SIGTERM group"]]);
  });

  it("between SIGTERM and SIGKILL gets no SIGKILL", async () => {
    const { process, child, clock } = await runningScene();
    let left = true;
    child.isGone = () => !left;
    const closed = process.close();
    await clock.advance(4990);
    left = false;
    await clock.advance(10);
    expect([await closed, child.kills]).toEqual([true, ["SIGTERM group"]]);
  });
});

describe("a group signal that is refused", () => {
  it.each<[how: string, refuse: () => void | Promise<void>]>([
    ["throws", () => {
      throw new Error("NotCapable");
    }],
    ["rejects", () => Promise.reject(new Error("NotCapable"))],
  ])("goes to the process itself: the backend %s", async (_, refuse) => {
    const { process, child } = await runningScene();
    child.onKill = (signal, target) => target === "group" ? refuse() : child.dieOf(signal);
    expect([await process.close(), child.kills]).toEqual([true, ["SIGTERM group", "SIGTERM process"]]);
  });

  it("goes nowhere once the process itself has ended, and close says what it knows", async () => {
    const { process, child, clock } = await runningScene();
    child.isGone = () => false;
    child.onKill = () => {
      throw new Error("EPERM");
    };
    child.exitWith(0);
    await process.wait();
    const closed = process.close();
    await clock.advance(7000);
    expect([await outcome(() => closed), child.kills]).toEqual([false, ["SIGTERM group", "SIGKILL group"]]);
  });

  it("and the process refused as well is no exception, but false", async () => {
    const { process, child, clock } = await runningScene();
    child.onKill = () => {
      throw new Error("EPERM");
    };
    const closed = process.close();
    await clock.advance(7000);
    expect([await outcome(() => closed), child.kills]).toEqual([
      false,
      ["SIGTERM group", "SIGTERM process", "SIGKILL group", "SIGKILL process"],
    ]);
  });
});

describe("a backend that", () => {
  it("can't tell whether the group is gone makes close false, and hangs nothing", async () => {
    const { process, child, clock } = await runningScene();
    child.isGone = () => Promise.reject(new Error("engine gone"));
    child.exitWith(0);
    expect(await process.wait()).toBe(0);
    const closed = process.close(true);
    await clock.advance(2100);
    expect(await outcome(() => closed)).toBe(false);
  });

  it("throws when asked whether the group is gone hides no exit", async () => {
    const { process, child } = await runningScene();
    child.isGone = () => {
      throw new Error("engine gone");
    };
    child.exitWith(5);
    expect(await outcome(() => process.wait())).toBe(5);
  });

  it("never answers a signal does not keep close from its answer", async () => {
    const { process, child, clock } = await runningScene();
    child.onKill = () => new Promise(() => {});
    const closed = process.close();
    await clock.advance(7000);
    expect([await outcome(() => closed), child.kills]).toEqual([false, ["SIGTERM group", "SIGKILL group"]]);
  });

  it("never answers whether the group is gone does not keep close from its answer", async () => {
    const { process, child, clock } = await runningScene();
    child.isGone = () => new Promise(() => {});
    const closed = process.close();
    await clock.advance(7000);
    expect(await outcome(() => closed)).toBe(false);
  });

  it("never answers a start does not keep close from its answer, and what comes late is killed", async () => {
    const { executor, backend, clock } = scene({ killGrace: 300 });
    const open = backend.hold();
    const process = await executor.exec("server");
    const started = process.start();
    expect(await outcome(() => started)).toBe(PENDING);
    const closed = process.close();
    await clock.advance(300 + 2000);
    expect([await outcome(() => closed), await outcome(() => started), clock.pending]).toEqual([
      false,
      "process_closed",
      0,
    ]);
    open();
    await settle();
    expect([backend.child.kills, await process.close()]).toEqual([["SIGKILL group"], true]);
  });
});
