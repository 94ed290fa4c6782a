import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createExecutor, type Executor, resolveShell, type ResolveShellOptions, type Shell } from "../mod.ts";
import { failure } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { lookingBackend } from "./support/scripted_run.ts";
import { temporaryDirectory } from "./support/temporary.ts";

/** A file that would tell if it were run. */
function executable(path: string, mode = 0o755): string {
  writeFileSync(path, `#!/bin/sh\ntouch "$0.was-run"\n`);
  chmodSync(path, mode);
  return path;
}

/** What it may find on this machine. */
const KNOWN = [["/bin/bash", ["--norc", "-c"]], ["/bin/sh", ["-c"]]];

describe("resolveShell answers", () => {
  it("bash where it is, else sh", async () => {
    const { executor, lookups } = lookingBackend(["/bin/bash", "/bin/sh"]);
    expect(await resolveShell({ executor })).toEqual(["/bin/bash", ["--norc", "-c"]]);
    expect(lookups).toEqual([["/bin/bash", "/bin/sh"]]);
    const other = lookingBackend(["/bin/sh"]);
    expect(await resolveShell({ executor: other.executor })).toEqual(["/bin/sh", ["-c"]]);
  });

  it("the shell that is given, where it is there, whatever else is", async () => {
    const { executor, lookups } = lookingBackend(["/bin/bash", "/opt/shell"]);
    const shell: Shell = ["/opt/shell", ["-l", "-c"]];
    const answer = await resolveShell({ shell, executor });
    expect(answer).toEqual(["/opt/shell", ["-l", "-c"]]);
    expect(lookups).toEqual([["/opt/shell"]]);
    expect(Object.isFrozen(answer) && Object.isFrozen(answer[1])).toBe(true);
  });

  it("one of the backend's own shells, where it names some", async () => {
    const { backend, executor } = lookingBackend(["cmd.exe"]);
    Object.assign(backend, { shells: [["pwsh.exe", ["-Command"]], ["cmd.exe", ["/d", "/s", "/c"]]] });
    expect(await resolveShell({ executor })).toEqual(["cmd.exe", ["/d", "/s", "/c"]]);
  });

  it("the first there could be, or the one that is given, where the backend can't look", async () => {
    const executor = createExecutor({ backend: new ScriptedBackend() });
    expect(await resolveShell({ executor })).toEqual(["/bin/bash", ["--norc", "-c"]]);
    expect(await resolveShell({ executor, shell: ["/opt/shell", []] })).toEqual(["/opt/shell", []]);
  });

  it("on this machine a shell that is here", async () => {
    for (const options of [undefined, {}, { executor: createExecutor() }]) {
      expect(KNOWN).toContainEqual(await resolveShell(options));
    }
    expect(await resolveShell({ shell: ["sh", ["-c"]] })).toEqual(["sh", ["-c"]]);
  });

  it("the same after the caller changed what it gave", async () => {
    const args = ["-c"];
    const answering = resolveShell({ shell: ["sh", args] });
    args.push("-x");
    expect(await answering).toEqual(["sh", ["-c"]]);
  });
});

describe("resolveShell rejects as INVALID", () => {
  const invalid = {
    kind: "INVALID",
    reason: "invalid_option",
    retryable: false,
    details: { option: "shell" },
  };

  it("when none is found, with their names", async () => {
    const { executor } = lookingBackend([]);
    const error = await failure(resolveShell({ executor }));
    expect(error).toMatchObject(invalid);
    expect(error.message).toMatch(/"\/bin\/bash", "\/bin\/sh".*"shell"/);
  });

  it("when the one that is given is missing, with its name, though others are there", async () => {
    const { executor } = lookingBackend(["/bin/sh"]);
    const error = await failure(resolveShell({ executor, shell: ["/opt/shell", ["-c"]] }));
    expect(error).toMatchObject(invalid);
    expect(error.message).toContain(`"/opt/shell"`);
  });

  it("when the one that is given is no executable file", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "directory"));
    symlinkSync(join(directory, "none"), join(directory, "dangling"));
    executable(join(directory, "data"), 0o644);
    for (const name of ["none", "directory", "dangling", "data", "data/below"]) {
      expect(await failure(resolveShell({ shell: [join(directory, name), ["-c"]] }))).toMatchObject(invalid);
    }
    expect(await failure(resolveShell({ shell: ["no-such-shell-anywhere", ["-c"]] }))).toMatchObject(invalid);
  });

  it("when it is malformed", async () => {
    const malformed: unknown[] = [
      "/bin/sh",
      null,
      5,
      {},
      [],
      ["/bin/sh"],
      ["", ["-c"]],
      [5, ["-c"]],
      ["/bin/sh", "-c"],
      ["/bin/sh", null],
      ["/bin/sh", ["-c", 5]],
      ["/bin/sh", ["-c"], "more"],
      ["/bin/sh\0", ["-c"]],
      ["/bin/sh", ["-c\0"]],
    ];
    for (const shell of malformed as Shell[]) {
      const error = await failure(resolveShell({ shell }));
      expect(error).toMatchObject(invalid);
      expect(error.message).toContain(`"shell"`);
    }
  });

  it("when an option is unknown or no executor", async () => {
    const bad = [5, null, [], { shel: ["/bin/sh", ["-c"]] }, { executor: 5 }, { executor: {} }, {
      executor: null,
    }];
    for (const options of bad as ResolveShellOptions[]) {
      expect(await failure(resolveShell(options))).toMatchObject({
        kind: "INVALID",
        reason: "invalid_option",
      });
    }
  });
});

describe("looking for a shell runs nothing", () => {
  it("on a backend of any kind", async () => {
    const { backend, executor } = lookingBackend(["/bin/sh"]);
    await resolveShell({ executor });
    const blind = new ScriptedBackend();
    await resolveShell({ executor: createExecutor({ backend: blind }) });
    expect([...backend.requests, ...blind.requests]).toEqual([]);
  });

  it("on this machine", async () => {
    const directory = temporaryDirectory();
    const shell = executable(join(directory, "shell"));
    expect(await resolveShell({ shell: [shell, ["-c"]] })).toEqual([shell, ["-c"]]);
    const { stdoutText } = await createExecutor().output(["ls", directory]);
    expect(stdoutText()).toBe("shell\n");
  });

  it("and asks no policy and no whitelist", async () => {
    const executor: Executor = createExecutor({ policy: () => false, commandWhitelist: [] });
    expect(KNOWN).toContainEqual(await resolveShell({ executor }));
  });
});
