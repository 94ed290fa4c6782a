/**
 * Signal names and numbers.
 * @module
 */
import { show } from "./check.ts";
import { ExecError } from "./errors.ts";

/** The name of a signal, such as `"SIGTERM"`. */
export type SignalName =
  | "SIGHUP"
  | "SIGINT"
  | "SIGQUIT"
  | "SIGILL"
  | "SIGTRAP"
  | "SIGABRT"
  | "SIGBUS"
  | "SIGFPE"
  | "SIGKILL"
  | "SIGUSR1"
  | "SIGSEGV"
  | "SIGUSR2"
  | "SIGPIPE"
  | "SIGALRM"
  | "SIGTERM"
  | "SIGSTKFLT"
  | "SIGCHLD"
  | "SIGCONT"
  | "SIGSTOP"
  | "SIGTSTP"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGURG"
  | "SIGXCPU"
  | "SIGXFSZ"
  | "SIGVTALRM"
  | "SIGPROF"
  | "SIGWINCH"
  | "SIGIO"
  | "SIGPWR"
  | "SIGSYS";

/** By Linux number. */
const NUMBERS: Readonly<Record<SignalName, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};

const NAMES = Object.keys(NUMBERS) as SignalName[];

/**
 * The number of a signal, as Linux numbers it; the exit code of a process it killed is 128 more.
 * @param name a signal name
 */
export function signalNumber(name: SignalName): number {
  // A backend may tell of a signal that only its system has.
  return NUMBERS[name] ?? 0;
}

/**
 * Turns a signal number or name into a name.
 * @throws {ExecError} `invalid_option` when it is neither
 */
export function parseSignal(signal: unknown): SignalName {
  const name = NAMES.find((name) => name === signal || NUMBERS[name] === signal);
  if (name !== undefined) return name;
  throw new ExecError(
    "invalid_option",
    `Signal ${show(signal)} is unknown: give a number from 1 to 31 ` +
      `(as Linux numbers them) or a name such as "SIGTERM".`,
    { details: { signal } },
  );
}
