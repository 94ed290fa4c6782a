/**
 * The engine itself: how it is reached, and what is told when it is not, or when a limit of it ends a command.
 */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import type { DirectAddress } from "../../backends/docker/address.ts";
import { dockerBackend, type DockerConfig } from "../../backends/docker.ts";
import { createExecutor, createRegistry, isExecError, run } from "../../mod.ts";
import { describeWithEngine, host, image, testBackend } from "../support/docker_engine.ts";
import { failure } from "../support/outcome.ts";

const MIB = 2 ** 20;
const inside = (config: Partial<DockerConfig> = {}) =>
  createExecutor({ backend: testBackend(config), killGrace: 500 });

describe("an engine that is not there", () => {
  it.each([
    ["unix:///no/such/docker.sock", "/no/such/docker.sock"],
    ["tcp://127.0.0.1:9", "tcp://127.0.0.1:9"],
  ])("%s is backend_unavailable, retryable, and named", async (address, named) => {
    const backend = dockerBackend({ image: "busybox", host: address });
    for (const call of [() => createExecutor({ backend }).output("true"), () => backend.sweep()]) {
      const error = await failure(call);
      expect(error).toMatchObject({ kind: "UNAVAILABLE", reason: "backend_unavailable", retryable: true });
      expect(error.message).toContain(named);
    }
  });

  it("that hangs up is backend_unavailable too", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const backend = dockerBackend({ image: "busybox", host: `tcp://127.0.0.1:${port}` });
      expect(await failure(createExecutor({ backend }).output("true"))).toMatchObject({
        reason: "backend_unavailable",
      });
    } finally {
      server.close();
    }
  });

  const strangers: readonly [what: string, answer: RequestListener][] = [
    ["says 404 to all", (_, response) => void response.writeHead(404).end()],
    ["has pages", (_, response) => void response.writeHead(200).end("<html>hello</html>")],
    ["has other JSON", (_, response) => void response.writeHead(200).end("{}")],
    ["forbids", (_, response) => void response.writeHead(403).end("Forbidden by a proxy")],
  ];
  it.each(strangers)(
    "but a server that %s is told as no engine, and not as a missing image",
    async (_, answer) => {
      const server = createHttpServer(answer).listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
      try {
        const backend = dockerBackend({ image: "busybox", host: address });
        for (const call of [() => createExecutor({ backend }).output("true"), () => backend.sweep()]) {
          const error = await failure(call);
          expect([error.reason, error.details]).toEqual(["backend_unavailable", { host: address }]);
          expect(error.message).toContain(`What answers at ${address} is not a Docker engine`);
        }
      } finally {
        server.close();
      }
    },
  );

  it("that never answers does not keep a timeout from an answer", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const backend = dockerBackend({ image: "busybox", host: `tcp://127.0.0.1:${port}` });
      const executor = createExecutor({ backend, killGrace: 0 });
      expect((await failure(executor.output("true", { timeout: 300 }))).reason).toBe("timed_out");
    } finally {
      server.close();
      server.unref();
    }
  });
});

describeWithEngine("an engine", () => {
  const variables = { ...process.env };
  afterEach(() => {
    for (const name of ["DOCKER_HOST", "DOCKER_TLS_VERIFY"]) {
      if (variables[name] === undefined) delete process.env[name];
      else process.env[name] = variables[name];
    }
  });

  it("is found by DOCKER_HOST where no host is named, and by host where one is", async () => {
    process.env["DOCKER_HOST"] = host;
    const byVariable = createExecutor({ backend: dockerBackend({ image, networkMode: "none" }) });
    expect((await byVariable.output("echo a")).stdoutText()).toBe("a\n");
    process.env["DOCKER_HOST"] = "tcp://127.0.0.1:9";
    expect((await inside().output("echo b")).stdoutText()).toBe("b\n");
  });

  it.skipIf(process.env["POLYSPAWN_DOCKER_TCP"] === undefined)("is reached by TCP", async () => {
    const executor = inside({ host: process.env["POLYSPAWN_DOCKER_TCP"]! });
    const input = "x".repeat(4 * MIB);
    expect((await executor.output("wc -c", { input })).stdoutText()).toBe(`${input.length}\n`);
    const child = await executor.spawn("sleep 60");
    expect([await child.close(), child.exitStatus?.signal]).toEqual([true, "SIGTERM"]);
  });

  it("tells an end by the limit of memory", async () => {
    const text = "x=a; while :; do x=$x$x; done";
    const events: unknown[] = [];
    const executor = createExecutor({
      backend: testBackend({ memoryLimit: 16 * MIB }),
      onEvent: (event) => event.type === "exit" && events.push(event.details),
    });
    const details = { limitReached: "memory", limit: 16 * MIB };
    const output = await executor.output(["sh", "-c", text]);
    expect(output).toMatchObject({ exitCode: 137, signal: "SIGKILL", details });
    expect(events).toEqual([details]);
    const error = await failure(executor.output(["sh", "-c", text], { check: true }));
    expect(error).toMatchObject({ reason: "exit_nonzero", details: { ...details, exitCode: 137 } });
    expect(error.message).toContain("at its limit of memory");
    expect(await run(text, { executor, cwd: "/", timeout: 60_000 })).toMatchObject({
      reason: "nonzero",
      details,
    });
  });

  it("tells of it too when only a child of the command was ended by it", async () => {
    const text = "sh -c 'x=a; while :; do x=$x$x; done'; exit 3";
    const { exitCode, details, signal } = await inside({ memoryLimit: 16 * MIB }).output(["sh", "-c", text]);
    expect([exitCode, signal, details?.["limitReached"]]).toEqual([3, undefined, "memory"]);
  });

  it("tells an end by the limit of processes", async () => {
    const text = "for i in 1 2 3 4 5 6 7 8; do sleep 30 & done; wait";
    const { ok, details } = await inside({ pidsLimit: 5 }).output(["sh", "-c", text]);
    expect([ok, details]).toEqual([false, { limitReached: "pids", limit: 5 }]);
  });

  it("tells of no limit where none was reached", async () => {
    const { exitCode, details } = await inside({ memoryLimit: 16 * MIB, pidsLimit: 10 }).output([
      "sh",
      "-c",
      "exit 9",
    ]);
    expect([exitCode, details]).toEqual([9, undefined]);
  });

  it("tells when somebody else removes the container", async () => {
    const child = await inside().spawn("sleep 100");
    const { Engine } = await import("../../backends/docker/engine.ts");
    const { engineAddress } = await import("../../backends/docker/address.ts");
    const { OWNER_LABEL, thisOwner } = await import("../../backends/docker/owner.ts");
    const engine = await Engine.open(engineAddress(host) as DirectAddress);
    const [mine] = await engine.list(`${OWNER_LABEL}=${thisOwner().owner}`);
    await engine.remove(mine!.Id);
    // The engine tells of the kill or of the removal, whichever comes first.
    const code = await child.wait().catch((error) => isExecError(error) && error.reason);
    expect([137, "backend_unavailable"]).toContain(code);
    expect(await child.close()).toBe(true);
  });

  it("runs what a definition of kind exec.docker says", async () => {
    const registry = createRegistry();
    registry.load({
      namespace: "box",
      entries: [{
        name: "exec",
        kind: "exec.docker",
        image,
        ...(host !== undefined && { host }),
        network_mode: "none",
        default_work_dir: "/tmp",
        default_env: { A: "1" },
        command_whitelist: ["pwd", "env"],
      }],
    });
    const executor = await registry.get("box:exec");
    expect((await executor.output("pwd")).stdoutText()).toBe("/tmp\n");
    expect((await executor.output("env")).stdoutText()).toMatch(/^A=1$/m);
    expect((await failure(executor.output("id"))).reason).toBe("command_not_allowed");
    await registry.close();
  });
});
