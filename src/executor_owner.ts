/**
 * Who owns an executor that was given away, and hears of what it starts.
 * @module
 */
import type { ManagedProcess } from "./managed_process.ts";

/** The registry's side of an executor that it gave away. */
export interface ExecutorOwner {
  /** The executor's id. */
  readonly id: string;
  /** Whether nothing is started any more. */
  readonly closed: boolean;
  /** A process is about to start. */
  onStart(process: ManagedProcess): void;
  /** Nothing of a process is left, or it is nobody's business any more. */
  onGone(process: ManagedProcess): void;
  /** The executor was released, and what it had running is ended. */
  onRelease(): Promise<void>;
}
