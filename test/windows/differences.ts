/**
 * Where the conformance suite has another outcome on Windows, by the promise, with the reason.
 * @module
 */

const NO_SIGTERM =
  "nothing asks a Windows process to end: SIGTERM ends it at once, and its handler does not run";
const NO_SUCH_SIGNAL = "Windows has no such signal, and it is refused as unsupported";
const POSIX =
  "the case names a program or a PATH of POSIX; test/windows/own_cases.ts has its like for Windows";

/** Cases that fail. They are run all the same, and one that passes is an error, so that this list stays true. */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  "a relative executable is looked up in the command's cwd": POSIX,
  "an executable is looked up in the PATH of the command's own environment": POSIX,
  "findExecutable answers the first candidate that can be executed, and runs nothing": POSIX,
  "a signal is sent by its number or its name": NO_SUCH_SIGNAL,
  "a death by signal n is told as exit code 128 + n with the signal's name":
    "a process that ends itself by a signal exits with 1: only an end from outside is told as a signal",
  "signal reaches the process itself and not its children": NO_SUCH_SIGNAL,
  "a process that was stopped can be ended": NO_SUCH_SIGNAL,
  "close lets a command end in its own way": NO_SIGTERM,
  "close kills a command that ignores SIGTERM, after killGrace": NO_SIGTERM,
  "close may be called any number of times, at once and later": NO_SIGTERM,
  "close(true) overtakes a close that waits": NO_SIGTERM,
  "release ends everything that still runs": NO_SIGTERM,
  "a timeout is told even if the command exits with 0 on SIGTERM": NO_SIGTERM,
  "a timeout kills a command that ignores SIGTERM": NO_SIGTERM,
  "an abort is told even if the command exits with 0 on SIGTERM": NO_SIGTERM,
};

const NO_DEATH = "no Windows process dies of a signal";

/** Cases that are not run. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "a write to a command that has closed its stdin is stdin_closed":
    "a program of Node's that closes descriptor 0 does not close the pipe under Wine, so the write waits for ever",
  "fifty commands at a time each get their own input and output":
    "Wine's server crashes under that many processes now and then; test/windows/own_cases.ts does it with eight",
  "a death by a real-time signal is never success": NO_DEATH,
  "a death by a real-time signal is never success, with no pipe to the command either": NO_DEATH,
};
