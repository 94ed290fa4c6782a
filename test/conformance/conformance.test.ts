import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { conformance, type Program } from "../../src/testing/mod.ts";
import { CollectedSuite } from "../support/collected_suite.ts";
import { nativeBackend } from "../support/native_backend.ts";
import { LimitedFake } from "../support/teach_fake.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const HELLO = "a string command runs as its words say";

function declare(
  make: () => LimitedFake = () => new LimitedFake(),
  options: Parameters<typeof conformance<LimitedFake>>[3] = {},
) {
  const suite = new CollectedSuite();
  const prepare = (backend: LimitedFake, programs: readonly Program[]) => backend.teach(programs);
  const cases = conformance("table", make, suite, { prepare, ...options });
  return { suite, cases };
}

describe("conformance", () => {
  it("declares its tests at once, and lists them with a reason for each that is left out", () => {
    const { suite, cases } = declare();
    const declared = cases.filter(({ leftOut }) => leftOut === undefined);
    expect([...suite.tests.keys()]).toEqual(
      declared.map(({ concern, title }) => `table > ${concern} > ${title}`),
    );
    const cwd = cases.find(({ title }) => title.startsWith("cwd is the command's working directory"));
    expect(cwd?.leftOut).toMatch(/not real/);
    for (const { title } of cases) expect(title).toMatch(/^.+ \(catches: .+\)$/);
  });

  it.each<[name: string, args: unknown[], message: RegExp]>([
    ["nothing that makes a backend", ["x"], /"makeBackend" must be a function/],
    ["a backend instead", ["x", new LimitedFake(), { describe, it }], /"makeBackend" must be a function/],
    ["no framework", ["x", () => new LimitedFake()], /"framework".*"describe" and "it"/],
    ["half a framework", ["x", () => new LimitedFake(), { it }], /"framework".*"describe" and "it"/],
    ["what makes no backend", ["x", () => ({}), new CollectedSuite()], /"makeBackend" must be a Backend/],
    ["what makes nothing", ["x", () => {}, new CollectedSuite()], /"makeBackend" must be a Backend/],
  ])("is told of %s", (_, args, message) => {
    expect(() => (conformance as (...args: unknown[]) => unknown)(...args)).toThrow(message);
  });

  it("lists its tests also where the framework calls describe's function only later", () => {
    const bodies: (() => void)[] = [];
    const lazy = { describe: (_: string, body: () => void) => bodies.push(body), it: () => {} };
    const cases = conformance("table", () => new LimitedFake(), lazy);
    expect(bodies.length).toBe(1);
    expect(cases).toEqual(declare().cases);
  });

  it("waits for a backend that takes time, and then declares its tests", async () => {
    const suite = new CollectedSuite();
    const declaring = conformance("table", () => Promise.resolve(new LimitedFake()), suite);
    expect(suite.tests.size).toBe(0);
    const cases = await declaring;
    expect(suite.tests.size).toBe(cases.filter(({ leftOut }) => leftOut === undefined).length);
  });

  it("checks what the contract says instead where a capability is missing", () => {
    const { cases } = declare(() => new LimitedFake({ mergedOutput: false, inheritStdio: false }));
    const titles = cases.filter(({ leftOut }) => leftOut === undefined).map(({ title }) => title).join("\n");
    expect(titles).toMatch(/mergeStderr is refused as unsupported/);
    expect(titles).toMatch(/an inherited descriptor is refused as unsupported/);
    expect(titles).not.toMatch(/merged output keeps the order/);
  });

  it("makes a backend for each case, prepares it and disposes of it, also when the case fails", async () => {
    const log: string[] = [];
    const make = () => {
      const backend = new LimitedFake();
      log.push("made");
      return Object.assign(backend, {
        [Symbol.asyncDispose]: () => {
          log.push("disposed");
          return Promise.resolve();
        },
      });
    };
    const prepare = (backend: LimitedFake, programs: readonly Program[]) => {
      log.push("prepared");
      backend.teach(log.length < 4 ? programs : []);
    };
    const { suite } = declare(make, { prepare });
    await suite.test(HELLO)();
    expect(log).toEqual(["made", "prepared", "disposed"]);
    await expect(suite.test(HELLO)()).rejects.toThrow(/Unexpected command/);
    expect(log.slice(3)).toEqual(["made", "prepared", "disposed"]);
  });

  it("gives up a case that hangs, says what it waited for and ends what it started", async () => {
    const hanging = () => {
      const backend = new LimitedFake();
      const { spawn } = backend;
      const kept: Backend["spawn"] = async (request) => {
        const child = await spawn.call(backend, request);
        return Object.assign(child, { groupGone: () => true, exit: new Promise<never>(() => {}) });
      };
      return Object.assign(backend, { spawn: kept });
    };
    const { suite } = declare(hanging, { deadline: 200 });
    await expect(suite.test("an exit code above 128 is no signal")()).rejects.toThrow(
      /waited 200 ms in vain for/,
    );
  });

  it("makes its files in the directory it is given, and leaves none there", async () => {
    const directory = temporaryDirectory();
    const suite = new CollectedSuite();
    const seen: string[] = [];
    const watching = async (): Promise<Backend> => {
      const native = await nativeBackend();
      const spawn: Backend["spawn"] = (request) => {
        seen.push(request.cwd ?? "");
        return native.spawn(request);
      };
      return { ...native, spawn };
    };
    await conformance("native", watching, suite, { directory });
    await suite.test("a script runs by its first line, with its argument")();
    expect(seen.some((cwd) => cwd.startsWith(`${directory}/polyspawn-`))).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves out a promise a backend's author names, with the reason", () => {
    const { suite, cases } = declare(undefined, { leaveOut: { [HELLO]: "it can't say hello" } });
    expect(cases.find(({ title }) => title.startsWith(HELLO))?.leftOut).toBe("it can't say hello");
    expect(() => suite.test(HELLO)).toThrow(/0 tests/);
  });

  it.each([
    [{ leaveOut: { "no such promise": "why" } }, /"no such promise", which is no promise/],
    [{ leaveOut: { [HELLO]: "" } }, /must give a reason/],
    [{ runs: 0 }, /"runs" must be a positive whole number, got 0/],
    [{ deadline: -1 }, /"deadline"/],
    [{ run: 3 }, /did you mean "runs"/],
  ])("refuses the options %j", (options, message) => {
    expect(() => declare(undefined, options as never)).toThrow(message);
  });
});
