/**
 * What only a command needs: one module, which load_running.ts loads with the first command.
 * @module
 */
import { ManagedProcess } from "./managed_process.ts";
import { collectOutput } from "./output.ts";
import { runText } from "./run_text.ts";

/** All of it. */
export interface Running {
  readonly ManagedProcess: typeof ManagedProcess;
  readonly collectOutput: typeof collectOutput;
  readonly runText: typeof runText;
}

/** All of it. */
export const parts: Running = { ManagedProcess, collectOutput, runText };
