/**
 * Why a command can't start: told by the start, with the value at fault.
 * @module
 */
import type { ExecErrorKind } from "../../errors.ts";
import type { ProcessOptions } from "../../options.ts";
import { equal, includes, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { type Context, counting } from "./context.ts";
import { PLAIN_FILE, programs } from "./programs.ts";

/** A command that can't start. */
export interface Refusal {
  readonly argv: readonly string[];
  readonly options?: ProcessOptions;
  readonly reason: string;
  readonly kind: ExecErrorKind;
  /** What the message must name. */
  readonly names: string;
}

const MISSING = "/no-such-directory/here";

/** A refusal of each sort. */
export const refusals: Readonly<
  Record<"command" | "path" | "cwd" | "fileAsCwd" | "both" | "permission" | "directory", Refusal>
> = {
  command: refusal(["no-such-command-here"], "command_not_found", "no-such-command-here"),
  path: refusal([`${MISSING}/command`], "command_not_found", `${MISSING}/command`),
  cwd: refusal(["echo"], "cwd_not_found", MISSING, { cwd: MISSING }),
  fileAsCwd: refusal(["echo"], "cwd_not_found", PLAIN_FILE, { cwd: PLAIN_FILE }),
  both: refusal(["no-such-command-here"], "cwd_not_found", MISSING, { cwd: MISSING }),
  permission: refusal([PLAIN_FILE], "os_permission", PLAIN_FILE),
  directory: refusal(["/dev"], "os_permission", "/dev"),
};

function refusal(
  argv: readonly string[],
  reason: string,
  names: string,
  options: ProcessOptions = {},
): Refusal {
  return {
    argv,
    options,
    reason,
    kind: reason === "os_permission" ? "PERMISSION_DENIED" : "NOT_FOUND",
    names,
  };
}

/** A command must be refused in just this way, by `start` and by `wait`, and leave the executor as it was. */
export async function expectRefusal(
  context: Context,
  expected: Refusal,
  more: ProcessOptions = {},
): Promise<void> {
  const { argv, options, reason, kind, names } = expected;
  const process = await context.executor().exec(argv, { ...options, ...more });
  const stdout = process.stdoutStream();
  const error = await rejects(process.start(), reason, kind);
  includes(error.message, names, "the message");
  equal(error.retryable, false, "retryable");
  equal(await rejects(context.within(process.wait(), "wait"), reason), error, "what wait rejects with");
  await rejects(context.within(stdout.read(), "a read"), reason);
  equal(await process.close(), true, "the answer of close");
  equal((await context.output(programs.hello)).exitCode, 0, "exitCode of the next command");
}

export const startErrors: Concern = {
  name: "start errors",
  cases: [
    {
      promise: "a missing executable is command_not_found",
      catches: "a process that seems to start and exits with 127",
      needs: ["realProcesses"],
      run: async (context) => {
        await expectRefusal(context, refusals.command);
        await expectRefusal(context, refusals.path);
      },
    },
    {
      promise: "a missing cwd is cwd_not_found",
      catches: "one that reads as a missing command",
      needs: ["realProcesses"],
      run: (context) => expectRefusal(context, refusals.cwd),
    },
    {
      promise: "a missing cwd is cwd_not_found also when the command is missing",
      catches: "the wrong one of two faults told first",
      needs: ["realProcesses"],
      run: (context) => expectRefusal(context, refusals.both),
    },
    {
      promise: "a cwd that is a file is cwd_not_found",
      catches: "one that reads as a missing command or an internal error",
      needs: ["realProcesses"],
      run: (context) => expectRefusal(context, refusals.fileAsCwd),
    },
    {
      promise: "a file that can't be executed is os_permission",
      catches: "one that reads as a missing command",
      needs: ["realProcesses"],
      run: (context) => expectRefusal(context, refusals.permission),
    },
    {
      promise: "a directory that is to be executed is os_permission",
      catches: "one that reads as a missing command or an internal error",
      needs: ["realProcesses"],
      run: (context) => expectRefusal(context, refusals.directory),
    },
    {
      promise: "a list of arguments too long is argument_too_long",
      catches: "an internal error, or arguments cut off",
      needs: ["realProcesses"],
      run: async (context) => {
        const argv = ["echo", "x".repeat(2 ** 22)];
        await rejects(context.executor().output(argv), "argument_too_long", "INVALID");
        const env = { POLYSPAWN_LONG: "x".repeat(2 ** 22) };
        const error = await rejects(
          context.output(programs.nothing, { env }),
          "argument_too_long",
          "INVALID",
        );
        equal(error.message.includes("xxx"), false, "whether the message holds the value of a variable");
      },
    },
    {
      promise: "a NUL byte is refused before anything is spawned",
      catches: "words cut off at it",
      run: async (context) => {
        const [backend, spawned] = counting(context.backend);
        const executor = context.executor({ backend });
        await rejects(executor.output(["echo", "a\0b"]), "invalid_command", "INVALID");
        await rejects(executor.output(["echo\0"]), "invalid_command", "INVALID");
        await rejects(executor.output("echo", { env: { NAME: "a\0b" } }), "invalid_option", "INVALID");
        await rejects(executor.output("echo", { cwd: "/\0" }), "invalid_option", "INVALID");
        equal(spawned(), 0, "processes spawned");
      },
    },
    {
      promise: "a refused start with input, a timeout and a signal is told once",
      catches: "a write or a timer that fails later, unhandled",
      needs: ["realProcesses"],
      run: async (context) => {
        const { signal } = new AbortController();
        const options = { input: "x".repeat(100_000), timeout: 60_000, signal };
        await rejects(context.executor().output(refusals.command.argv, options), "command_not_found");
        await rejects(context.output(programs.cat, { ...options, cwd: MISSING }), "cwd_not_found");
      },
    },
  ],
};
