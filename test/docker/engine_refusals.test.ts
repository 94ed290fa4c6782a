/**
 * What an engine says when it does not start a container, and what is made of it. No engine is asked.
 */
import { expect, it } from "vitest";
import type { SpawnRequest } from "../../src/backend.ts";
import { EngineError } from "../../backends/docker/engine.ts";
import { refusal } from "../../backends/docker/engine_refusals.ts";

const request: SpawnRequest = {
  argv: ["frobnicate"],
  cwd: "/",
  env: {},
  inheritEnv: true,
  stdin: "null",
  stdout: "null",
  stderr: "null",
  mergeStderr: false,
  group: true,
};

it.each([
  // Of Docker 20.10, while it was shutting down.
  [
    "failed to update store for object type *libnetwork.endpoint: open : no such file or directory",
    "internal",
  ],
  ['exec: "frobnicate": executable file not found in $PATH: unknown', "command_not_found"],
  ['exec: "/frobnicate": stat /frobnicate: no such file or directory: unknown', "command_not_found"],
  // As crun has it, under Podman.
  ["crun: executable file `frobnicate` not found in $PATH: No such file or directory", "command_not_found"],
  ["mkdir /etc/passwd: not a directory", "cwd_not_found"],
  ['error mounting "/a" to rootfs at "/b": mount /a:/b: not a directory: unknown', "invalid_option"],
  ["fork/exec /usr/bin/runc: resource temporarily unavailable", "resource_exhausted"],
])("%s", (message, reason) => {
  expect(refusal(new EngineError(500, message), request, { image: "busybox" })).toMatchObject({ reason });
});
