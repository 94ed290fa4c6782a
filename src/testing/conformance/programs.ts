/**
 * Every command the suite runs. Real ones are made of what POSIX and busybox both have, apart from `setsid`.
 *
 * Where a program waits for ever it sleeps for a minute: should a backend lose sight of it, it still ends.
 * @module
 */
import type { Behaviour, Program, Step } from "./behaviour.ts";
import { HARD_WORDS, LARGE, LINE, MANY_LINES, OTHER_LINE, PAIRS, ROUND_LINES, ROUNDS } from "./data.ts";

/** A file that every system has, that is no directory and that nobody can execute. */
export const PLAIN_FILE = "/etc/passwd";

const out = (text: string, times?: number): Step => ({ write: "stdout", text, ...(times && { times }) });
const err = (text: string, times?: number): Step => ({ write: "stderr", text, ...(times && { times }) });
const HANG: Step = { await: "signal" };

type Entry = Omit<Program, "name">;

const sh = (script: string, does: string, behaviour?: Behaviour): Entry => ({
  argv: ["sh", "-c", script],
  does,
  ...(behaviour && { behaviour }),
});

const exits = (exitCode: number): Entry =>
  sh(`exit ${exitCode}`, `Exits with ${exitCode}.`, { steps: [], exitCode });

/** A program that ends itself by a signal. */
const dies = (killedBy: NonNullable<Behaviour["killedBy"]>): Entry =>
  sh(`kill -${killedBy.slice(3)} $$`, `Kills itself with ${killedBy}.`, { steps: [], killedBy });

const filler = (line: string, bytes: number) => `yes ${line.trim()} 2>/dev/null | head -c ${bytes}`;

const TABLE = {
  // Starting
  nothing: { argv: ["true"], does: "Exits with 0.", behaviour: { steps: [] } },
  exit1: exits(1),
  exit42: exits(42),
  exit143: exits(143),
  exit255: exits(255),
  hello: {
    argv: ["echo", "Hello, World!"],
    does: "Prints a line.",
    behaviour: { steps: [out("Hello, World!\n")] },
  },
  hardWords: {
    argv: ["printf", "[%s]\n", ...HARD_WORDS],
    does: "Prints each of its arguments on a line of its own, in brackets.",
    behaviour: { steps: [out(HARD_WORDS.map((word) => `[${word}]\n`).join(""))] },
  },
  environment: {
    argv: ["env"],
    does: "Prints its environment.",
    behaviour: { steps: [{ print: "environment" }] },
  },
  workDirectory: { argv: ["pwd"], does: "Prints its working directory." },
  ownPid: sh("echo $$", "Prints its own process id."),
  makeFiles: {
    argv: [
      "sh",
      "-c",
      `d=$(mktemp -d \${1:+"$1/polyspawn-XXXXXX"}) && d=$(cd "$d" && pwd -P) || exit 1
printf '#!/bin/sh\\nprintf "%%s\\\\n" "$@"\\n' >"$d/polyspawn-script" && chmod 755 "$d/polyspawn-script" &&
printf 'text\\n' >"$d/polyspawn-text" && chmod 644 "$d/polyspawn-text" && printf '%s\\n' "$d"`,
      "sh",
    ],
    does:
      "Makes a directory, below its argument if it has one, and in it polyspawn-script, which prints its " +
      "arguments on a line each, and polyspawn-text, which can't be executed. Prints the directory's real path.",
  },
  removeFiles: { argv: ["rm", "-rf"], does: "Removes what its argument names." },
  isDirectory: { argv: ["test", "-d"], does: "Exits with 0 when its argument is a directory, else with 1." },

  // Streams
  both: sh(
    `i=0; while [ $i -lt ${ROUNDS} ]; do yes ${LINE.trim()} 2>/dev/null | head -n ${ROUND_LINES}; ` +
      `yes ${OTHER_LINE.trim()} 2>/dev/null | head -n ${ROUND_LINES} >&2; i=$((i+1)); done`,
    "Writes more than a pipe holds to stdout and stderr, in turns.",
    {
      steps: Array.from({ length: ROUNDS }, () => [out(LINE, ROUND_LINES), err(OTHER_LINE, ROUND_LINES)])
        .flat(),
    },
  ),
  stdoutThenStderr: sh(
    `${filler(LINE, LARGE)}; ${filler(OTHER_LINE, LARGE)} >&2`,
    "Writes tens of MiB to stdout and then as much to stderr.",
    { steps: [out(LINE, LARGE / LINE.length), err(OTHER_LINE, LARGE / LINE.length)] },
  ),
  stderrThenStdout: sh(
    `${filler(OTHER_LINE, LARGE)} >&2; ${filler(LINE, LARGE)}`,
    "Writes tens of MiB to stderr and then as much to stdout.",
    { steps: [err(OTHER_LINE, LARGE / LINE.length), out(LINE, LARGE / LINE.length)] },
  ),
  manyLines: sh(filler(LINE, MANY_LINES), "Writes more than is ever read ahead.", {
    steps: [out(LINE, MANY_LINES / LINE.length)],
  }),
  lastWords: {
    argv: ["echo", "last words"],
    does: "Prints a line and is gone.",
    behaviour: { steps: [out("last words\n")] },
  },
  pipeful: {
    argv: ["printf", "%060000d", "7"],
    does: "Prints 59,999 zeros and a 7, which a pipe holds, and is gone.",
    behaviour: { steps: [out("0".repeat(59_999) + "7")] },
  },
  noisy: sh(
    "head -c 2097152 /dev/zero >&2; echo done",
    "Writes 2 MiB of NUL bytes to stderr, then a line to stdout.",
    {
      steps: [err("\0", 2 ** 21), out("done\n")],
    },
  ),
  endless: {
    argv: ["yes"],
    does: "Prints lines until nobody can read them any more.",
    behaviour: { steps: [out("y\n", Infinity)] },
  },
  dialogue: sh(
    "echo one; read -r line; echo two; read -r line; echo three",
    "Prints a line, and another one after each line it reads.",
    { steps: [out("one\n"), { read: "line" }, out("two\n"), { read: "line" }, out("three\n")] },
  ),
  quietDaemon: sh(
    "sleep 60 & echo started",
    "Exits and leaves something behind that holds its streams, silently.",
    {
      steps: [{ background: [HANG] }, out("started\n")],
    },
  ),
  chattyDaemon: sh(
    "while :; do echo tick; done & echo started",
    "Exits and leaves something behind that writes to stdout without a pause.",
    { steps: [{ background: [out("tick\n", Infinity)] }, out("started\n")] },
  ),
  lateDescendant: sh(
    "(while kill -0 $$; do :; done; echo late) 2>/dev/null & echo early",
    "Exits; what it left behind sees that, writes one more line and ends.",
    { steps: [{ background: [{ await: "exit" }, out("late\n")] }, out("early\n")] },
  ),

  // Standard input
  cat: { argv: ["cat"], does: "Copies its input to stdout.", behaviour: { steps: [{ copy: "all" }] } },
  sort: { argv: ["sort"], does: "Sorts its input.", behaviour: { steps: [{ copy: "sorted lines" }] } },
  firstLine: {
    argv: ["head", "-n", "1"],
    does: "Prints the first line of its input and is gone, however much more there is.",
    behaviour: { steps: [{ copy: "line" }] },
  },
  closesStdin: sh("exec 0<&-; echo closed; exec sleep 60", "Closes its standard input and says so.", {
    steps: [{ close: "stdin" }, out("closed\n"), HANG],
  }),

  // Endings
  sleeper: sh("echo ready; exec sleep 60", "Prints a line and does nothing more; it never reads its input.", {
    steps: [out("ready\n"), HANG],
  }),
  server: sh(
    `sleep 60 & trap 'kill $! 2>/dev/null; echo bye; exit 0' TERM; echo ready; wait`,
    "Prints a line and waits; upon SIGTERM it says bye and exits with 0.",
    { steps: [out("ready\n"), HANG], onSignal: { SIGTERM: { steps: [out("bye\n")], exitCode: 0 } } },
  ),
  stubborn: sh("trap '' TERM; echo ready; exec sleep 60", "Prints a line and waits; it ignores SIGTERM.", {
    steps: [out("ready\n"), HANG],
    onSignal: { SIGTERM: "ignore" },
  }),
  partial: sh("echo partial; echo problem >&2; exec sleep 60", "Writes a line to either stream and hangs.", {
    steps: [out("partial\n"), err("problem\n"), HANG],
  }),

  // Groups: these print the id of a descendant
  family: sh(
    "sleep 60 & echo $!; wait",
    "Has a child that holds its streams, prints the child's id and waits.",
  ),
  stubbornFamily: sh(
    "trap '' TERM; sleep 60 & trap - TERM; echo $!; wait",
    "As family, but the child ignores SIGTERM and outlives its parent.",
  ),
  leaver: sh("sleep 60 & echo $!", "Starts a child that holds its streams, prints the child's id and exits."),
  silentLeaver: sh(
    "sleep 60 </dev/null >/dev/null 2>&1 & echo $!",
    "As leaver, but the child holds none of its streams.",
  ),
  stubbornLeaver: sh("trap '' TERM; sleep 60 & echo $!", "As leaver, but the child ignores SIGTERM."),
  escapee: sh(
    "setsid sh -c 'echo $$; exec sleep 60' & wait",
    "Has a child that left for a session of its own but holds its streams, and which prints its own id.",
  ),
  hasSetsid: sh("command -v setsid", "Exits with 0 where there is a setsid."),
  listener: sh(
    // The child prints its id itself: one that has not begun yet would still have the trap of the shell.
    "trap 'echo got it' USR1; sh -c 'echo $$; exec sleep 60' & wait; wait",
    "Has a child that prints its own id, and prints a line when it gets SIGUSR1, of which the child would die.",
  ),
  isAlive: {
    argv: [
      "sh",
      "-c",
      `[ "$1" != $$ ] && kill -0 "$1" 2>/dev/null || exit 1
if [ -r /proc/self/stat ]; then read -r stat 2>/dev/null <"/proc/$1/stat" || exit 1; state=\${stat##*) }
else state=$(ps -o stat= -p "$1"); fi
case $state in "" | Z* | X*) exit 1 ;; esac`,
      "sh",
    ],
    does:
      "Exits with 0 while the process its argument names is alive, else with 1; a zombie is not alive, and " +
      "neither is the one that looks: where commands don't see each other it may have the same number.",
  },
  kill: { argv: ["sh", "-c", 'kill -KILL "$1"', "sh"], does: "Kills the process its argument names." },

  // Signals
  diesOfAlarm: dies("SIGALRM"),
  diesOfInterrupt: dies("SIGINT"),
  diesOfKill: dies("SIGKILL"),
  diesOfUsr1: dies("SIGUSR1"),
  diesOfTerm: dies("SIGTERM"),
  diesOfRealTime: sh("kill -34 $$", "Kills itself with a signal that has no name."),

  // Merged output
  alternating: sh(
    `i=0; while [ $i -lt ${PAIRS} ]; do echo out $i; echo err $i >&2; i=$((i+1)); done`,
    "Writes many lines, to stdout and stderr in turns.",
    { steps: Array.from({ length: PAIRS }, (_, i) => [out(`out ${i}\n`), err(`err ${i}\n`)]).flat() },
  ),
} satisfies Record<string, Entry>;

/** The programs, by name. */
export const programs: Readonly<Record<keyof typeof TABLE, Program>> = Object.fromEntries(
  Object.entries(TABLE).map(([name, entry]) => [name, { name, ...entry }]),
) as Record<keyof typeof TABLE, Program>;

/** All of them. */
export const PROGRAMS: readonly Program[] = Object.values(programs);
