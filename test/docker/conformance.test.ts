import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { describeWithEngine, host, testBackend } from "../support/docker_engine.ts";

const home = "the engine gives every command a HOME, and each container a HOSTNAME";
const end = "the end of a command is the end of all in its container";

/** What a container can't be made to do, or does better. What is left of each promise is in the other files here. */
const leaveOut = {
  "env is added to the inherited environment": home,
  "a variable set to undefined is removed from the inherited ones": home,
  "a call's env goes over the executor's, and can take away from it": home,
  "without inheritEnv the environment is what was given and nothing else": home,
  "without inheritEnv and PATH a command is found all the same, and gets no PATH": home,
  "what a caller changes after exec changes nothing": home,
  "wait resolves at the exit though a descendant holds the pipes": end,
  "reading to the end and then waiting returns although a silent daemon keeps the pipes": end,
  "reading to the end returns although a daemon writes on without a pause": end,
  "output returns although a daemon keeps the pipes, and says that it is not complete": end,
  "what a short-lived descendant writes after the exit is kept": end,
  "keepBackground leaves alone what a command left behind": end,
  "close after the exit ends what a command left behind, and wait alone does not": end,
  "groupGone is true when the last of the group has ended, and not before": end,
  "a timeout holds though something that left the group keeps the pipes (where there is setsid)": end,
  "a write to a command that has closed its stdin is stdin_closed":
    "the engine takes what is written though the command has closed its end, until that has exited",
  "a death by signal n is told as exit code 128 + n with the signal's name":
    "the engine tells the number and not the signal, which is known only of those that were sent from here",
};

describeWithEngine("./docker", () => {
  // Without an engine nothing here is run, but it is declared.
  const directory = host === undefined
    ? "/tmp"
    : realpathSync(mkdtempSync(join(tmpdir(), "polyspawn-docker-")));
  afterAll(() => host !== undefined && rmSync(directory, { recursive: true, force: true }));

  const volumes = [`${directory}:${directory}`];
  const options = { directory, leaveOut, runs: 20, deadline: 200_000 };
  conformance("Docker", () => testBackend({ volumes }), { describe, it }, options);
});
