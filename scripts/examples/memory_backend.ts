import { type Backend, type ByteSource, type ChildExit, ExecError, quote } from "../../mod.ts";

/** What a command prints and how it exits; with `exitCode: null` it runs until it is killed. */
export type Answer = { stdout?: string; stderr?: string; exitCode?: number | null };

/** A backend without processes: what a command does stands in a table, under the command as `quote` writes it. */
export function memoryBackend(answers: Record<string, Answer>): Backend {
  return {
    name: "memory",
    capabilities: { processGroups: false, mergedOutput: false, killOnHostExit: true, inheritStdio: false },
    spawn({ argv }) {
      const command = quote(argv);
      const answer = answers[command];
      if (!answer) return Promise.reject(new ExecError("command_not_found", `No answer for ${command}.`));
      let end!: (exit: ChildExit) => void;
      const exit = new Promise<ChildExit>((resolve) => end = resolve);
      if (answer.exitCode !== null) end({ code: answer.exitCode ?? 0 });
      return Promise.resolve({
        stdin: { write: () => Promise.resolve(), close: () => Promise.resolve() },
        stdout: source(answer.stdout, exit),
        stderr: source(answer.stderr, exit),
        exit,
        kill: (signal) => end({ code: 0, signal }),
        groupGone: () => exit.then(() => true),
      });
    },
  };
}

/** Gives the text, and the end once the process has ended or nobody reads on. */
function source(text = "", exit: Promise<unknown>): ByteSource {
  let chunks = [new TextEncoder().encode(text)];
  let end!: () => void;
  const ended = new Promise<null>((resolve) => end = () => resolve(null));
  exit.then(end);
  const close = () => (chunks = [], end());
  return { read: async () => chunks.shift() ?? await ended, close };
}
