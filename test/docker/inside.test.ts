/**
 * What a command sees of its container, on a real engine.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DockerConfig } from "../../backends/docker.ts";
import { createExecutor, type Executor, resolveShell, run } from "../../mod.ts";
import { describeWithEngine, host, image, testBackend } from "../support/docker_engine.ts";
import { failure } from "../support/outcome.ts";

const MIB = 2 ** 20;

const inside = (config: Partial<DockerConfig> = {}): Executor =>
  createExecutor({ backend: testBackend(config), killGrace: 500 });

/** What a shell's text prints in a container. */
async function prints(text: string, config: Partial<DockerConfig> = {}): Promise<string> {
  const { stdoutText, stderrText } = await inside(config).output(["sh", "-c", text]);
  return stdoutText() + stderrText();
}

/** The value of a control file of the container's group, under either version of control groups. */
const control = (first: string, second: string) =>
  `cat /sys/fs/cgroup/${first} 2>/dev/null || cat /sys/fs/cgroup/${second}`;

describeWithEngine("inside of a container", () => {
  const directory = host === undefined
    ? "/tmp"
    : realpathSync(mkdtempSync(join(tmpdir(), "polyspawn-docker-")));
  afterAll(() => host !== undefined && rmSync(directory, { recursive: true, force: true }));

  describe("each field", () => {
    it("memoryLimit is the limit of memory, and of memory with swap", async () => {
      const config = { memoryLimit: 64 * MIB };
      const limit = control("memory/memory.limit_in_bytes", "memory.max");
      expect((await prints(limit, config)).trim()).toBe(String(64 * MIB));
    });

    it("cpuQuota is the part of each 100 ms", async () => {
      const quota = control("cpu/cpu.cfs_quota_us", "cpu.max");
      expect(await prints(quota, { cpuQuota: 50_000 })).toMatch(/^50000\b/);
    });

    it("pidsLimit is the most processes", async () => {
      expect((await prints(control("pids/pids.max", "pids.max"), { pidsLimit: 20 })).trim()).toBe("20");
    });

    it("0 is no limit", async () => {
      const config = { memoryLimit: 0, cpuQuota: 0, pidsLimit: 0 };
      const quota = control("cpu/cpu.cfs_quota_us", "cpu.max");
      const [pids, cpu] = (await prints(`${control("pids/pids.max", "pids.max")}; ${quota}`, config)).split(
        "\n",
      );
      expect([pids, cpu]).toEqual(["max", expect.stringMatching(/^(-1|max)\b/)]);
    });

    it("readOnlyRootfs makes files read-only, and leaves tmpfs and volumes writable", async () => {
      const tries = "for d in / /tmp /data; do touch $d/x 2>/dev/null && echo $d; done; true";
      const config = { tmpfs: { "/tmp": "size=1m" }, volumes: [`${directory}:/data`] };
      expect(await prints(tries, { ...config, readOnlyRootfs: true })).toBe("/tmp\n/data\n");
      expect(await prints(tries, config)).toBe("/\n/tmp\n/data\n");
    });

    it("tmpfs is a file system in memory, with its options", async () => {
      const text = "grep ' /scratch ' /proc/mounts; head -c 2000000 /dev/zero >/scratch/x || echo full";
      const got = await prints(text, { tmpfs: { "/scratch": "size=1m" } });
      expect(got).toMatch(/^tmpfs \/scratch tmpfs .*size=1024k/);
      expect(got).toMatch(/full/);
    });

    it("volumes show files of the engine's machine, and those with ro can't be written to", async () => {
      writeFileSync(join(directory, "greeting"), "hello\n");
      const text = "cat /data/greeting; echo new >/data/made && echo written";
      expect(await prints(text, { volumes: [`${directory}:/data`] })).toBe("hello\nwritten\n");
      expect(readFileSync(join(directory, "made"), "utf8")).toBe("new\n");
      const got = await prints(text, { volumes: [`${directory}:/data:ro`] });
      expect(got).toMatch(/^hello\n.*Read-only file system/s);
    });

    it("a volume whose source is missing is refused, and nothing is made of it", async () => {
      const missing = join(directory, "missing");
      const error = await failure(inside({ volumes: [`${missing}:/data`] }).output("true"));
      expect(error).toMatchObject({
        kind: "INVALID",
        reason: "invalid_option",
        details: { path: "volumes" },
      });
      expect(error.message).toContain(missing);
    });

    it("a volume that does not fit its place is refused, and no command or shell is said to be missing", async () => {
      // A file can't be mounted on a directory, and the engine can't look into a container with such a mount.
      const executor = inside({ volumes: [`${join(directory, "greeting")}:/tmp`] });
      const calls = [() => executor.output("true", { cwd: "/" }), () => run("true", { executor, cwd: "/" })];
      for (const call of calls) {
        expect(await failure(call)).toMatchObject({ reason: "invalid_option", details: { path: "volumes" } });
      }
    });

    it("user is who runs the command", async () => {
      expect(await prints("id -u; id -g", { user: "1000:1000" })).toBe("1000\n1000\n");
      expect(await prints("id -u", { user: "user" })).toBe("1000\n");
      expect(await prints("id -u")).toBe("0\n");
    });

    it("a user that the image does not have is refused", async () => {
      const error = await failure(inside({ user: "nobody-here" }).output("true"));
      expect(error).toMatchObject({ reason: "invalid_option", details: { path: "user" } });
    });

    it("networkMode none has no network but the loopback, and host has the machine's", async () => {
      const names = "ls /sys/class/net | sort | tr '\\n' ' '";
      expect((await prints(names, { networkMode: "none" })).split(" ")).not.toContain("eth0");
      expect(await prints("cat /proc/net/dev | grep -c ':'", { networkMode: "none" })).toMatch(/^\d+\n$/);
      const [inContainer, ours] = [
        await prints("readlink /proc/self/ns/net", { networkMode: "none" }),
        await prints("readlink /proc/self/ns/net", { networkMode: "host" }),
      ];
      expect(inContainer).not.toBe(ours);
    });

    it("a network that there is not is refused", async () => {
      for (const networkMode of ["no-such-network", "container:no-such-container"]) {
        const error = await failure(inside({ networkMode }).output("true"));
        expect(error).toMatchObject({ reason: "invalid_option", details: { path: "networkMode" } });
      }
    });

    it("capDrop takes capabilities away, and capAdd adds some", async () => {
      const effective = "grep CapEff /proc/self/status | cut -f 2";
      const bits = async (config: Partial<DockerConfig>) =>
        BigInt(`0x${(await prints(effective, config)).trim()}`);
      const [usual, none, one, more] = await Promise.all([
        bits({}),
        bits({ capDrop: ["ALL"] }),
        bits({ capDrop: ["ALL"], capAdd: ["NET_BIND_SERVICE"] }),
        bits({ capAdd: ["CAP_SYS_TIME"] }),
      ]);
      expect([none, one]).toEqual([0n, 1n << 10n]);
      expect(more).toBe(usual | 1n << 25n);
    });

    it("a limit of processes that Linux does not take is refused", async () => {
      const error = await failure(inside({ pidsLimit: 1e12 }).output("true"));
      expect(error).toMatchObject({ reason: "invalid_option", details: { path: "pidsLimit" } });
    });

    it("a capability that there is not is refused", async () => {
      const error = await failure(inside({ capAdd: ["NO_SUCH"] }).output("true"));
      expect(error).toMatchObject({ reason: "invalid_option", details: { path: "capAdd" } });
    });

    it("noNewPrivileges is what the command has", async () => {
      const text = "grep NoNewPrivs /proc/self/status | cut -f 2";
      expect(await prints(text, { noNewPrivileges: true })).toBe("1\n");
      expect(await prints(text)).toBe("0\n");
    });

    it("an image that is missing is NOT_FOUND, with the command that fetches it", async () => {
      const error = await failure(inside({ image: "no-such-image:1" }).output("true"));
      expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "image_not_found", retryable: false });
      expect(error.message).toContain("docker pull no-such-image:1");
    });

    it("pull missing asks the image's registry, and tells what it says", async () => {
      // Nobody listens there.
      const name = "127.0.0.1:9/no-such-image:1";
      const error = await failure(inside({ image: name, pull: "missing" }).output("true"));
      expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "image_not_found" });
      expect(error.message).toMatch(/can't fetch image.*127\.0\.0\.1:9/);
    });

    it("pull missing runs an image that is there", async () => {
      expect(await prints("echo there", { image, pull: "missing" })).toBe("there\n");
    });
  });

  describe("environment", () => {
    const names = async (options: object) => {
      const { stdoutText } = await inside().output("env", options);
      return stdoutText().split("\n").filter(Boolean).map((line) => line.split("=")[0]!).sort();
    };

    it("is the image's, and nothing of the host", async () => {
      expect(await names({})).toEqual(["HOME", "HOSTNAME", "PATH"]);
      expect(await names({ env: { A: "1", HOSTNAME: undefined } })).toEqual(["A", "HOME", "PATH"]);
    });

    it("without inheritEnv is what was given, and the HOME that the engine adds", async () => {
      expect(await names({ inheritEnv: false })).toEqual(["HOME"]);
      expect(await names({ inheritEnv: false, env: { A: "1", "a.b": "2" } })).toEqual(["A", "HOME", "a.b"]);
      const { stdoutText } = await inside().output("env", {
        inheritEnv: false,
        env: { HOME: "/srv", A: "x y\nz" },
      });
      expect(stdoutText().split("\n").sort()).toEqual(["", "A=x y", "HOME=/srv", "z"]);
    });
  });

  describe("working directory", () => {
    it("may be in the image, in a volume, or be a tmpfs", async () => {
      const on = inside({ volumes: [`${directory}:/data`], tmpfs: { "/scratch": "" } });
      for (const cwd of ["/", "/etc", "/data", "/scratch"]) {
        expect((await on.output("pwd", { cwd })).stdoutText()).toBe(`${cwd}\n`);
      }
    });

    it("that is missing is cwd_not_found, and is not made", async () => {
      const on = inside({ volumes: [`${directory}:/data`], tmpfs: { "/scratch": "" } });
      for (const cwd of ["/no/such", "/data/missing", "/scratch/missing", "/etc/passwd", "/etc/passwd/x"]) {
        const error = await failure(on.output("pwd", { cwd }));
        expect([cwd, error.reason]).toEqual([cwd, "cwd_not_found"]);
      }
      expect(await prints("ls /data", { volumes: [`${directory}:/data`] })).not.toMatch(/missing/);
    });

    it("that is relative is refused", async () => {
      expect((await failure(inside().output("pwd", { cwd: "etc" }))).reason).toBe("invalid_option");
    });
  });

  it("exit codes from 125 to 127 are the command's own", async () => {
    for (const code of [125, 126, 127, 128, 255]) {
      const { exitCode, signal } = await inside().output(["sh", "-c", `exit ${code}`]);
      expect([exitCode, signal]).toEqual([code, undefined]);
    }
  });

  it("a shell is looked for in the image, and run takes the output as it arrives", async () => {
    const executor = inside();
    expect(await resolveShell({ executor })).toEqual(["/bin/sh", ["-c"]]);
    const result = await run("echo out; echo err >&2; exit 3", { executor, cwd: "/tmp", timeout: 60_000 });
    expect(result).toMatchObject({
      ok: false,
      reason: "nonzero",
      exitCode: 3,
      ordered: false,
      complete: true,
    });
    expect(result.output.split("\n").sort()).toEqual(["", "err", "out"]);
  });

  it("a signal that the container's init keeps to itself is refused, and not lost", async () => {
    const process = await inside().spawn("sleep 60");
    expect(await failure(process.signal("SIGABRT"))).toMatchObject({ reason: "unsupported" });
    await process.signal("SIGQUIT");
    expect([await process.wait(), process.exitStatus?.signal]).toEqual([131, "SIGQUIT"]);
  });
});
