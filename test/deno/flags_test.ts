// flags: --allow-run --allow-read --allow-write --allow-env
import assert from "node:assert/strict";
import { callOutput as call, fixtures, flagsIn, withOtherProgram } from "./call_output.ts";

// What a message says helps must help, and what needs no permission must ask for none.

/** The file in which Deno notes every permission that is asked for and is not one to run a command. */
async function withAudit(use: (file: string) => Promise<unknown>): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    await use(`${directory}/audit.jsonl`);
    return await Deno.readTextFile(`${directory}/audit.jsonl`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("under --allow-run=echo, importing the package and running echo asks for nothing else", async () => {
  const audit = await withAudit(async (file) => {
    const report = await call(["--allow-run=echo"], ["echo", "on"], {}, { DENO_AUDIT_PERMISSIONS: file });
    assert.deepEqual(report, { ok: true, stdout: "on\n", stderr: "" });
  });
  assert.equal(audit, "");
});

Deno.test("what is asked for would be seen", async () => {
  const audit = await withAudit(async (file) => {
    const options = { env: { HOME: null } };
    const report = await call(["--allow-run=echo"], ["echo"], options, { DENO_AUDIT_PERMISSIONS: file });
    assert.equal(report.reason, "os_permission");
  });
  assert.match(audit, /"permission":"env"/);
});

Deno.test("a refused command works with the flag its message names", async () => {
  for (const command of ["ls", "/bin/ls"]) {
    const refused = await call(["--allow-run=echo"], [command, "/"]);
    assert.equal(refused.reason, "os_permission");
    const flags = flagsIn(refused.message);
    assert.deepEqual(flags, [`--allow-run=${command}`]);
    assert.equal((await call(["--allow-run=echo", ...flags], [command, "/"])).ok, true);
  }
});

Deno.test("a refused command of the working directory works with the flag its message names", async () => {
  const options = { cwd: fixtures };
  const refused = await call(["--allow-run=echo"], ["./greet.sh", "Ada"], options);
  assert.equal(refused.reason, "os_permission");
  const allowed = await call(
    ["--allow-run=echo", ...flagsIn(refused.message)],
    ["./greet.sh", "Ada"],
    options,
  );
  assert.equal(allowed.stdout, "Hello, Ada!\n", allowed.message);
});

Deno.test("a command refused because PATH leads elsewhere is said to be, and works by its full path", async () => {
  await withOtherProgram("echo", async (directory) => {
    const options = { env: { PATH: directory } };
    const refused = await call(["--allow-run=echo"], ["echo"], options);
    assert.equal(refused.reason, "os_permission");
    // To name the flag that is given already would help nobody.
    assert.match(refused.message, /\bPATH\b/);
    const allowed = await call([`--allow-run=echo,${directory}/echo`], ["echo"], options);
    assert.equal(allowed.stdout, "other", allowed.message);
  });
});

Deno.test("removing a variable works with the flag its message names", async () => {
  const options = { env: { NO_COLOR: null } };
  const refused = await call(["--allow-run=env"], ["env"], options);
  assert.equal(refused.reason, "os_permission");
  const allowed = await call(["--allow-run=env", ...flagsIn(refused.message)], ["env"], options);
  assert.equal(allowed.ok, true, allowed.message);
  assert.doesNotMatch(allowed.stdout!, /NO_COLOR/);
  assert.match(allowed.stdout!, /^PATH=/m);
});

Deno.test("an inherited LD_LIBRARY_PATH under a list is os_permission, and all its message says helps", async (t) => {
  const inherited = { LD_LIBRARY_PATH: "/no/such/libraries" };
  const refused = await call(["--allow-run=env"], ["env"], {}, inherited);

  await t.step("it names the variable, and not its value", () => {
    assert.deepEqual([refused.kind, refused.reason], ["PERMISSION_DENIED", "os_permission"]);
    assert.match(refused.message, /LD_LIBRARY_PATH/);
    assert.doesNotMatch(refused.message, /no.such.libraries/);
  });
  await t.step("inheritEnv: false", async () => {
    assert.match(refused.message, /inheritEnv: false/);
    const report = await call(["--allow-run=env"], ["env"], { inheritEnv: false }, inherited);
    assert.equal(report.ok, true, report.message);
  });
  await t.step("env: { LD_LIBRARY_PATH: undefined } with --allow-env", async () => {
    assert.match(refused.message, /env: { LD_LIBRARY_PATH: undefined }.*--allow-env/);
    const options = { env: { LD_LIBRARY_PATH: null } };
    const report = await call(["--allow-run=env", "--allow-env"], ["env"], options, inherited);
    assert.equal(report.ok, true, report.message);
    assert.doesNotMatch(report.stdout!, /LD_LIBRARY_PATH/);
  });
  await t.step("--allow-run without a list", async () => {
    assert.match(refused.message, /--allow-run without a list/);
    const report = await call(["--allow-run"], ["env"], {}, inherited);
    assert.match(report.stdout!, /^LD_LIBRARY_PATH=\/no\/such\/libraries$/m);
  });
});

Deno.test("a LD_LIBRARY_PATH of the call's own under a list is os_permission", async () => {
  const report = await call(["--allow-run=env"], ["env"], { env: { LD_LIBRARY_PATH: "/no/such/libraries" } });
  assert.deepEqual([report.kind, report.reason], ["PERMISSION_DENIED", "os_permission"]);
  assert.match(report.message, /LD_LIBRARY_PATH/);
  assert.doesNotMatch(report.message, /no.such.libraries/);
});
