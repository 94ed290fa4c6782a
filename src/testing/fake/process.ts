/**
 * What a rule that is a function plays a process with.
 * @module
 */
import type { SignalName } from "../../signals.ts";

/**
 * The part of a faked process that something in its background plays as well. Once the process has ended, or what is
 * in the background was killed, every method rejects, and the function that plays it is left; catch nothing from here.
 */
export interface FakeBackground {
  /** Writes to standard output; waits while the pipe is full, and dies of SIGPIPE when nobody will read it. */
  stdout(data: string | Uint8Array): Promise<void>;
  /** Writes to standard error, in the same way. */
  stderr(data: string | Uint8Array): Promise<void>;
  /** Waits, in ms by the fake's clock (`Infinity`: until it is ended). A signal it dies of ends the wait. */
  delay(ms: number): Promise<void>;
}

/**
 * A faked process in the hands of the function that plays it, for what no data can say: dialogues, handlers of signals,
 * something left in the background.
 */
export interface FakeProcess extends FakeBackground {
  /** Its process id, which no real process has. */
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<void>;
  /** The next bytes of standard input; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** The next line of standard input, without its newline; null at the end. */
  readLine(): Promise<string | null>;
  /** Closes its standard input: later writes to it fail with `stdin_closed`. */
  closeStdin(): void;
  /**
   * Survives a signal from now on.
   * @param signal which one
   * @param handler what it does then (default: nothing, as does what it left in the background)
   * @throws {ExecError} `invalid_option` for what is no signal, and for SIGKILL, which nothing survives
   */
  onSignal(signal: SignalName, handler?: () => void | Promise<void>): void;
  /**
   * Leaves something in its group that holds its pipes until the function returns, or a signal to the group ends it.
   * @param play what that does
   */
  background(play: (background: FakeBackground) => void | Promise<void>): void;
  /**
   * Ends it at once, and leaves the function.
   * @param status an exit code, or the signal it dies of (default: 0)
   * @throws {ExecError} `invalid_option` for what is neither
   */
  exit(status?: number | SignalName): never;
}
