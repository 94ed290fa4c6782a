/**
 * What a Docker backend is told, checked before any engine is asked.
 */
import { describe, expect, it } from "vitest";
import { dockerBackend, type DockerConfig } from "../backends/docker.ts";
import { configSchema, createRegistry } from "../mod.ts";
import { violations } from "./support/json_schema.ts";
import { failure } from "./support/outcome.ts";

const WRONG: readonly [config: Record<string, unknown>, message: string][] = [
  [{ image: undefined }, "image: is missing"],
  [{ image: "" }, "image: expected a string that is not empty"],
  [{ image: "two words" }, `image: expected a name such as "debian:12", got "two words"`],
  [{ host: "nowhere" }, `host: expected an address such as`],
  [{ host: "ssh://" }, `host: expected an address such as`],
  [{ host: 7 }, "host: expected a string, got 7"],
  [{ networkMode: "-x" }, "networkMode: expected"],
  [{ volumes: "/a:/b" }, `volumes: expected an array, got "/a:/b"`],
  [{ volumes: ["/a"] }, `volumes[0]: expected "host:container"`],
  [{ volumes: ["/a:/b", "a/b:/c"] }, `volumes[1]: expected "host:container"`],
  [{ volumes: ["/a:b"] }, `volumes[0]: expected "host:container"`],
  [{ volumes: ["/a:/b:rx"] }, `volumes[0]: expected "host:container"`],
  [{ user: 1000 }, "user: expected a string, got 1000"],
  [{ user: "a b" }, "user: expected a name or a number"],
  [{ memoryLimit: -1 }, "memoryLimit: expected a whole number, 0 for no limit or at least 6291456"],
  [{ memoryLimit: 1000 }, "memoryLimit: expected a whole number"],
  [{ memoryLimit: 1e7 + 0.5 }, "memoryLimit: expected a whole number"],
  [
    { memoryLimit: "64m" },
    `memoryLimit: expected a whole number, 0 for no limit or at least 6291456 (6 MiB), got "64m"`,
  ],
  [{ cpuQuota: 1 }, "cpuQuota: expected a whole number, 0 for no limit or at least 1000"],
  [{ cpuQuota: Infinity }, "cpuQuota: expected a whole number"],
  [{ pidsLimit: 1 }, "pidsLimit: expected a whole number, 0 for no limit or at least 2"],
  [{ pidsLimit: NaN }, "pidsLimit: expected a whole number"],
  [{ autoRemove: 1 }, "autoRemove: expected true or false, got 1"],
  [{ readOnlyRootfs: "yes" }, "readOnlyRootfs: expected true or false"],
  [{ noNewPrivileges: null }, "noNewPrivileges: expected true or false, got null"],
  [{ capDrop: ["net raw"] }, "capDrop[0]: expected a capability's name"],
  [{ capAdd: "ALL" }, `capAdd: expected an array, got "ALL"`],
  [{ tmpfs: ["/tmp"] }, "tmpfs: expected an object of paths and options, got an array"],
  [{ tmpfs: { tmp: "" } }, "tmpfs.tmp: expected an absolute path"],
  [{ tmpfs: { "/tmp": 7 } }, `tmpfs["/tmp"]: expected options such as "size=64m"`],
  [{ pull: "always" }, `pull: expected "missing" or "never", got "always"`],
  [{ memorylimit: 0 }, `memorylimit: unknown field; did you mean "memoryLimit"?`],
];

const RIGHT: readonly Record<string, unknown>[] = [
  { host: "unix:///run/user/1000/podman/podman.sock" },
  { host: "tcp://10.0.0.5:2376" },
  { host: "https://[::1]:2376" },
  { host: "ssh://user@build.example.com" },
  { host: "ssh://build:2222/run/user/1000/docker.sock" },
  { image: "registry.example.com:5000/team/app@sha256:0123" },
  { volumes: ["/a:/b", "/a b/ü:/c:ro", "named-volume:/d:rw", "C:\\Users\\x:/e", "C:/x:/f:ro"] },
  { user: "1000:1000", networkMode: "container:abc", memoryLimit: 0, cpuQuota: 0, pidsLimit: 0 },
  {
    capDrop: ["ALL"],
    cap_add: ["NET_BIND_SERVICE", "CAP_CHOWN"],
    tmpfs: { "/tmp": "rw,size=64m,mode=1777" },
  },
];

describe("a Docker backend", () => {
  it.each(WRONG)("refuses %j, and names the field", async (config, message) => {
    const given = { image: "busybox", ...config } as unknown as DockerConfig;
    const error = await failure(() => dockerBackend(given));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option", retryable: false });
    expect(error.message).toContain(message);
    expect(message.startsWith(`${error.details["path"]}: `)).toBe(true);
  });

  it("refuses what is no configuration", async () => {
    for (const config of [undefined, null, "busybox", ["busybox"]]) {
      expect((await failure(() => dockerBackend(config as never))).reason).toBe("invalid_option");
    }
  });

  it.each(RIGHT)("takes %j", (config) => {
    expect(dockerBackend({ image: "busybox", ...config }).name).toBe("docker");
  });

  it("says what it can't do", () => {
    expect(dockerBackend({ image: "busybox" }).capabilities).toEqual({
      processGroups: true,
      mergedOutput: false,
      killOnHostExit: true,
      inheritStdio: false,
    });
  });
});

describe("a definition of kind exec.docker", () => {
  const load = (config: Record<string, unknown>) =>
    createRegistry().load({ "box:exec": { kind: "exec.docker", image: "busybox", ...config } } as never);

  it.each(WRONG)("is refused with %j, by the schema too, and the path is named", async (config, message) => {
    const error = await failure(() => load(config));
    expect(error).toMatchObject({ reason: "invalid_option" });
    // What is a member in one place is a name in brackets in another.
    expect(error.message).toContain(`["box:exec"].${message}`);
    const definition = { kind: "exec.docker", image: "busybox", ...config };
    if (config["image"] === undefined && "image" in config) delete (definition as { image?: string }).image;
    expect(violations(configSchema, { "box:exec": JSON.parse(JSON.stringify(definition, replaceNumbers)) }))
      .not.toEqual([]);
  });

  it.each(RIGHT)("may say %j, by the schema too", (config) => {
    expect(load(config)).toEqual(["box:exec"]);
    const definition = { kind: "exec.docker", image: "busybox", ...config };
    expect(violations(configSchema, { "box:exec": definition })).toEqual([]);
  });

  it("has the fields of a native one besides", () => {
    expect(load({ default_work_dir: "/srv", defaultEnv: { A: "1" }, commandWhitelist: ["ls"] })).toEqual([
      "box:exec",
    ]);
  });

  it("needs an absolute working directory: the host's can't complete a relative one", async () => {
    const error = await failure(() => load({ default_work_dir: "srv" }));
    expect(error.message).toBe(
      `["box:exec"].default_work_dir: expected an absolute path inside of the container, got "srv".`,
    );
    const definition = { kind: "exec.docker", image: "busybox", default_work_dir: "srv" };
    expect(violations(configSchema, { "box:exec": definition })).not.toEqual([]);
  });

  it("needs absolute directories in PATH beside a whitelist", async () => {
    const error = await failure(() => load({ defaultEnv: { PATH: "bin" }, commandWhitelist: ["ls"] }));
    expect(error.message).toMatch(/defaultEnv\.PATH: needs absolute directories/);
  });
});

/** JSON has no such numbers, so a file can't have them. */
function replaceNumbers(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? "not a number of JSON" : value;
}
