/**
 * A command that runs on a scripted backend, under a clock the test turns.
 */
import type { Executor, ExecutorOptions } from "../../src/executor.ts";
import { createExecutor } from "../../src/local_executor.ts";
import type { ProcessOptions } from "../../src/options.ts";
import type { Process } from "../../src/process.ts";
import { ManualClock } from "./manual_clock.ts";
import { ScriptedBackend, type ScriptedChild } from "./scripted_backend.ts";

/** What a test holds of both sides. */
export interface Scene {
  readonly backend: ScriptedBackend;
  readonly clock: ManualClock;
  readonly executor: Executor;
}

/** A scene with a process on it that runs. */
export interface RunningScene extends Scene {
  readonly process: Process;
  readonly child: ScriptedChild;
}

/** An executor, and nothing started. */
export function scene(
  options: ExecutorOptions = {},
  backend: ScriptedBackend = new ScriptedBackend(),
): Scene {
  const clock = new ManualClock();
  return { backend, clock, executor: createExecutor({ backend, clock, ...options }) };
}

/** A process that runs; nobody has asked for its streams. */
export async function runningScene(options?: ProcessOptions, on: Scene = scene()): Promise<RunningScene> {
  const process = await on.executor.spawn("server", options);
  return { ...on, process, child: on.backend.child };
}
