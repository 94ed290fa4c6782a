/**
 * What a watchdog is told, when it is started and when it goes, on a runtime that only keeps account.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { Watchdog, type WatchdogRuntime, type Watched } from "../../backends/watchdog.ts";

/** A runtime that starts nothing. */
class KeptRuntime implements WatchdogRuntime {
  /** What was sent to each watchdog; `end` is the end of its input. */
  readonly told: string[][] = [];
  readonly warnings: string[] = [];
  refuses = false;
  tick: (() => void) | undefined;
  onEnd: ((why: string) => void)[] = [];

  start(_argv: readonly string[], onEnd: (why: string) => void) {
    if (this.refuses) throw new Error("not today");
    const lines: string[] = [];
    this.told.push(lines);
    this.onEnd.push(onEnd);
    return {
      send: (text: string) => (lines.push(text.trim()), undefined),
      end: () => void lines.push("end"),
    };
  }
  startTime = (pid: number) => String(pid * 10);
  every(_ms: number, callback: () => void) {
    this.tick = callback;
    return 1;
  }
  clear() {
    this.tick = undefined;
  }
  warn(message: string) {
    this.warnings.push(message);
  }
}

let runtime: KeptRuntime;
let watchdog: Watchdog;
beforeEach(() => {
  runtime = new KeptRuntime();
  watchdog = new Watchdog(runtime);
});

const child = (pid: number, more: Partial<Watched> = {}): Watched => ({
  pid,
  group: true,
  isEmpty: () => false,
  ...more,
});

describe("a watchdog", () => {
  it("is not there before it is needed", () => {
    expect(runtime.told).toEqual([]);
  });

  it("is told of every group and process, with its start time, and of each end", () => {
    watchdog.arm();
    const group = watchdog.add(child(5));
    const alone = watchdog.add(child(6, { group: false }));
    group.end();
    alone.end();
    alone.end();
    expect(runtime.told).toEqual([["+ g5 50", "+ p6 60", "- g5", "- p6"]]);
  });

  it("goes when it had nothing to watch from one tick to the next, and comes again", () => {
    watchdog.arm();
    const watch = watchdog.add(child(5));
    runtime.tick!();
    watch.end();
    watchdog.arm();
    runtime.tick!();
    expect(runtime.told[0]!.at(-1)).toBe("- g5");
    runtime.tick!();
    expect(runtime.told).toEqual([["+ g5 50", "- g5", "end"]]);
    expect(runtime.tick).toBe(undefined);
    watchdog.arm();
    watchdog.add(child(7));
    expect(runtime.told[1]).toEqual(["+ g7 70"]);
  });

  it("is told when a group lost its first process, and made to look after it until it is empty", () => {
    let empty = false;
    watchdog.arm();
    const watch = watchdog.add(child(5, {
      isEmpty: () => {
        if (empty) watch.end();
        return empty;
      },
    }));
    watch.orphan();
    watch.orphan();
    runtime.tick!();
    empty = true;
    runtime.tick!();
    expect(runtime.told).toEqual([["+ g5 50", "x g5 0", "r g5", "- g5", "end"]]);
  });

  it("takes a number that was used again for the later child's", () => {
    watchdog.arm();
    const before = watchdog.add(child(5));
    watchdog.add(child(5));
    before.orphan();
    before.end();
    expect(runtime.told).toEqual([["+ g5 50", "+ g5 50"]]);
  });

  it("that fails is told of once, and tried again later, not for each child", () => {
    runtime.refuses = true;
    watchdog.arm();
    watchdog.add(child(5));
    watchdog.arm();
    expect(runtime.warnings).toHaveLength(1);
    expect(runtime.warnings[0]).toMatch(/no watchdog.*SIGKILL.*not today/);
    expect(runtime.told).toEqual([]);
  });

  it("that ends at once is not started over and over", () => {
    watchdog.arm();
    watchdog.add(child(5));
    runtime.onEnd[0]!("it ended");
    watchdog.arm();
    expect([runtime.told.length, runtime.warnings.length]).toEqual([1, 1]);
  });
});
