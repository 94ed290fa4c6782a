/**
 * Starts processes through a helper, or the plain way where that is all there is.
 * @module
 */
import process from "node:process";
import type { Child, SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import { environment, hostPathOf, type Registers, startNodeChild } from "../node_child.ts";
import { look } from "../node_look.ts";
import { startError } from "../start_errors.ts";
import { HelperChild } from "./child.ts";
import { type HelperConnection, HelperLost, type Order, type Started } from "./connection.ts";
import { spawnHelper } from "./helper.ts";
import { owner } from "./owner.ts";
import { whyUnsuited } from "./unsuited.ts";

let unsuited: Promise<string | undefined> | undefined;
let isWarned = false;

/**
 * Starts a process.
 * @param plain where a child is counted when no helper can be had
 * @throws {ExecError} A rejection that says why it can't start
 */
export async function spawnWithHelper(request: SpawnRequest, plain: Registers): Promise<Child> {
  const why = await (unsuited ??= whyUnsuited());
  if (why !== undefined) {
    warnOnce(why);
    return await startNodeChild(request, plain);
  }
  const { runtime, watchdog } = spawnHelper();
  const registers = { live: plain.live, watcher: watchdog };
  // A watchdog that was asked for is there without the helper, too.
  const without = plain.watcher ? plain : registers;
  const cwd = workingDirectory(request);
  if (cwd === undefined || !canBeHelped(request)) return await startNodeChild(request, registers);
  watchdog.arm();
  const helper = runtime.connection;
  // One of another user's would start it as that user.
  if (!helper || helper.owner !== owner()) return await startNodeChild(request, without);
  runtime.busy++;
  helper.hold();
  let child: Child | undefined;
  try {
    if (!(await helper.ready)) return await startNodeChild(request, without);
    const started = await order(helper, request, cwd);
    if (!started) return await startNodeChild(request, without);
    return child = new HelperChild(started, request, helper, registers);
  } finally {
    runtime.busy--;
    if (!child) helper.release();
  }
}

/** What shares the host's descriptors, its group or its terminal has to be its own child. */
function canBeHelped({ group, stdin, stdout, stderr, mergeStderr }: SpawnRequest): boolean {
  const kinds = mergeStderr ? [stdin, stdout] : [stdin, stdout, stderr];
  return group && !kinds.includes("inherit");
}

/** Absolute; `undefined` when the host's own is gone. */
function workingDirectory({ cwd }: SpawnRequest): string | undefined {
  if (cwd?.startsWith("/")) return cwd;
  try {
    return cwd === undefined ? process.cwd() : `${process.cwd()}/${cwd}`;
  } catch {
    return undefined;
  }
}

/** Has a helper start it; `undefined` when the helper ended before it was asked. */
async function order(
  helper: HelperConnection,
  request: SpawnRequest,
  cwd: string,
): Promise<Started | undefined> {
  const found = await hostPathOf(request);
  const { argv, stdin, stdout, stderr, mergeStderr } = request;
  const piped = (kind: string, descriptor: number) => kind === "null" ? null : descriptor;
  const order: Order = {
    file: found ?? argv[0]!,
    argv,
    cwd,
    env: environment(request) ?? { ...process.env },
    stdio: mergeStderr ? [piped(stdin, 0), 1, 1] : [piped(stdin, 0), piped(stdout, 1), piped(stderr, 2)],
  };
  try {
    return await helper.start(order);
  } catch (error) {
    if (!(error instanceof HelperLost)) {
      throw await startError((error as NodeJS.ErrnoException).code, error, request, look);
    }
    if (!error.asked) return undefined;
    const name = JSON.stringify(argv[0]);
    const message =
      `The spawning helper ended before it told whether ${name} had started (${error.message}): ` +
      `try again, if it may run twice.`;
    throw new ExecError("backend_unavailable", message, { cause: error });
  }
}

function warnOnce(why: string): void {
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(`polyspawn: there is no spawning helper here, commands are started without: ${why}.`);
}
