/**
 * Backends with a fault each, to see whether the conformance suite finds it.
 * @module
 */
import type { Backend, ByteSource, Child, SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";

/** What is wrong with a backend, made out of a good one, and the promise it breaks. */
export interface Fault {
  readonly fault: string;
  readonly breaks: string;
  /** What the case must say of it: that it fails for another reason would show nothing. */
  readonly says: RegExp;
  readonly backend: (good: Backend) => Backend;
}

const asked = (change: (request: SpawnRequest) => SpawnRequest) => (good: Backend): Backend => ({
  ...good,
  spawn: (request) => good.spawn(change(request)),
});

/** Getters and private fields stay with the good child; what is overridden goes first. */
const born =
  (change: (child: Child, request: SpawnRequest) => Partial<Child>) => (good: Backend): Backend => ({
    ...good,
    spawn: async (request) => {
      const child = await good.spawn(request);
      const { pid, stdin, stdout, stderr, exit } = child;
      return {
        ...{ ...(pid !== undefined && { pid }), ...(stdin && { stdin }), exit },
        ...{ ...(stdout && { stdout }), ...(stderr && { stderr }) },
        kill: (signal, target) => child.kill(signal, target),
        groupGone: () => child.groupGone(),
        unref: () => child.unref?.(),
        ...change(child, request),
      };
    },
  });

const sourced = (read: (source: ByteSource, child: Child) => () => Promise<Uint8Array | null>) =>
  born((child) => {
    const changed = (source: ByteSource) => ({ read: read(source, child), close: () => source.close() });
    return {
      ...(child.stdout && { stdout: changed(child.stdout) }),
      ...(child.stderr && { stderr: changed(child.stderr) }),
    };
  });

const written = (change: (stdin: NonNullable<Child["stdin"]>) => Partial<NonNullable<Child["stdin"]>>) =>
  born(({ stdin }) => {
    if (!stdin) return {};
    return {
      stdin: { write: (bytes) => stdin.write(bytes), close: () => stdin.close(), ...change(stdin) },
    };
  });

const wrapped = (script: string, when: (request: SpawnRequest) => boolean) =>
  asked((request) => {
    if (!when(request)) return request;
    return { ...request, argv: ["sh", "-c", script, ...request.argv], mergeStderr: false };
  });

export const FAULTS: readonly Fault[] = [
  {
    fault: "a shell between words and command",
    breaks: "the words of an array arrive as they are",
    says: /^stdout: expected/,
    backend: asked((request) => ({ ...request, argv: ["sh", "-c", request.argv.join(" ")] })),
  },
  {
    fault: "a start that succeeds before the command is known to be there",
    breaks: "a missing executable is command_not_found",
    says: /rejection with "command_not_found", but it resolved/,
    backend: wrapped('exec "$0" "$@"', () => true),
  },
  {
    fault: "a missing cwd told as a missing command",
    breaks: "a missing cwd is cwd_not_found",
    says: /expected reason "cwd_not_found", got "command_not_found"/,
    backend: (good) => ({
      ...good,
      spawn: (request) =>
        good.spawn(request).catch(() => {
          throw new ExecError(
            "command_not_found",
            `Command ${request.argv[0]} in ${request.cwd} was not found.`,
          );
        }),
    }),
  },
  {
    fault: "a cwd that is ignored",
    breaks: "cwd is the command's working directory",
    says: /^stdout: expected "\//,
    backend: asked(({ cwd: _, ...request }) => request),
  },
  {
    fault: "the host's PATH for the lookup",
    breaks: "an executable is looked up in the PATH of the command's own environment",
    says: /"polyspawn-script" was not found/,
    backend: asked(({ env: { PATH: _, ...env }, ...request }) => ({ ...request, env })),
  },
  {
    fault: "removed variables that stay",
    breaks: "a variable set to undefined is removed from the inherited ones",
    says: /not expected are HOME/,
    backend: asked((request) => {
      const kept = Object.entries(request.env).filter(([, value]) => value !== undefined);
      return { ...request, env: Object.fromEntries(kept) };
    }),
  },
  {
    fault: "an environment that replaces the inherited one",
    breaks: "env is added to the inherited environment",
    says: /missing or different are \w/,
    backend: asked((request) => ({ ...request, inheritEnv: Object.keys(request.env).length === 0 })),
  },
  {
    fault: "an environment that is always inherited",
    breaks: "without inheritEnv the environment is what was given and nothing else",
    says: /not expected are \w/,
    backend: asked((request) => ({ ...request, inheritEnv: true })),
  },
  {
    fault: "a pipe where nothing was asked for",
    breaks: "a descriptor that is null takes and gives nothing",
    says: /in vain for the case to end/,
    backend: asked((request) => ({ ...request, stdin: "pipe", stdout: "pipe", stderr: "pipe" })),
  },
  {
    fault: "stdout and stderr swapped",
    breaks: "reading all of stdout in a loop of read(4096), then all of stderr, then wait gives everything",
    says: /^stdout: the byte at 0/,
    backend: born(({ stdout, stderr }) => ({ ...(stdout && stderr && { stdout: stderr, stderr: stdout }) })),
  },
  {
    fault: "a chunk given twice",
    breaks: "tens of MiB of stdout and then of stderr can be read in this order",
    says: /^the length of stdout/,
    backend: sourced((source) => {
      let count = 0;
      let last: Uint8Array | null = null;
      return async () => ++count === 100 ? last : last = await source.read();
    }),
  },
  {
    fault: "one buffer for all chunks",
    breaks: "output collects tens of MiB of both streams",
    says: /^stdout: the byte at/,
    backend: sourced((source) => {
      const buffer = new Uint8Array(2 ** 20);
      return async () => {
        const chunk = await source.read();
        if (chunk === null) return null;
        buffer.set(chunk);
        return buffer.subarray(0, chunk.length);
      };
    }),
  },
  {
    fault: "the last chunk dropped",
    breaks: "a pipe full of data is still there for who reads only after wait",
    says: /^bytes of stdout: expected 60000/,
    backend: sourced((source) => {
      let held: Uint8Array | undefined;
      return async () => {
        for (;;) {
          const chunk = await source.read();
          const before = held;
          if (chunk === null) return null;
          held = chunk;
          if (before) return before;
        }
      };
    }),
  },
  {
    fault: "an exit told long before the data",
    breaks: "what was written last before a quick exit is never lost",
    says: /^stdout: expected "last words/,
    backend: sourced((source, child) => async () => {
      await child.exit;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return await source.read();
    }),
  },
  {
    fault: "output held back until the exit",
    breaks: "what a command writes can be read while it runs",
    says: /in vain for a line on stdout/,
    backend: sourced((source, child) => async () => {
      await child.exit;
      return await source.read();
    }),
  },
  {
    fault: "output read ahead without bound",
    breaks: "a command whose output is not read on is held up and loses nothing",
    says: /not read on: expected "running"/,
    backend: sourced((source) => {
      const chunks: (Uint8Array | null)[] = [];
      const readAhead = async () => {
        while (chunks.at(-1) !== null) chunks.push(await source.read());
      };
      void readAhead();
      return async () => {
        while (chunks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        return chunks[0] === null ? null : chunks.shift()!;
      };
    }),
  },
  {
    fault: "a pipe that is never given up",
    breaks: "leaving a loop over a stream early closes it, and a command that writes on ends",
    says: /in vain for wait/,
    backend: born(({ stdout }) => ({
      ...(stdout && { stdout: { read: () => stdout.read(), close: () => {} } }),
    })),
  },
  {
    fault: "a source that throws when it is given up",
    breaks: "closing a source answers a pending read with null, and may be done again",
    says: /It is open no more/,
    backend: born(({ stdout }) => ({
      ...(stdout && {
        stdout: {
          read: () => stdout.read(),
          close: () => {
            void stdout.close();
            throw new Error("It is open no more.");
          },
        },
      }),
    })),
  },
  {
    fault: "an exit told at the end of the streams",
    breaks: "wait resolves at the exit though a descendant holds the pipes",
    says: /in vain for wait/,
    backend: born(({ stdout, exit }) => {
      if (!stdout) return {};
      let end = (): void => {};
      const ended = new Promise<void>((resolve) => end = resolve);
      const read = async () => {
        const chunk = await stdout.read();
        if (chunk === null) end();
        return chunk;
      };
      return { stdout: { read, close: () => stdout.close() }, exit: ended.then(() => exit) };
    }),
  },
  {
    fault: "an end of input that is not passed on",
    breaks: "an empty write is the end of input",
    says: /in vain for stdout/,
    backend: written(() => ({ close: () => Promise.resolve() })),
  },
  {
    fault: "writes that are taken whatever the command reads",
    breaks: "a write to a command that does not read stays pending, and close ends it",
    says: /write has resolved or rejected: expected false/,
    backend: written((stdin) => ({
      write: (bytes) => {
        stdin.write(bytes).catch(() => {});
        return Promise.resolve();
      },
    })),
  },
  {
    fault: "writes that read their bytes later",
    breaks: "bytes belong to the writer again when the write has resolved",
    says: /^stdout: expected 2097152 bytes/,
    backend: written((stdin) => ({
      write: async (bytes) => {
        setTimeout(() => stdin.write(bytes).catch(() => {}), 5);
        await Promise.resolve();
      },
    })),
  },
  {
    fault: "a broken pipe that reads as success",
    breaks: "a write to a command that has closed its stdin is stdin_closed",
    says: /rejection with "stdin_closed", but it resolved/,
    backend: written((stdin) => ({ write: (bytes) => stdin.write(bytes).catch(() => {}) })),
  },
  {
    fault: "a group of which only the first process is signalled",
    breaks: "close leaves no descendant",
    says: /answer of close: expected true/,
    backend: born((child) => ({ kill: (signal) => child.kill(signal, "process") })),
  },
  {
    fault: "a group that is told empty when its first process has ended",
    breaks: "close where a descendant ignores SIGTERM leaves no descendant",
    says: /descendant is alive: expected false/,
    backend: born(() => ({ groupGone: () => true })),
  },
  {
    fault: "signals that always go to the group",
    breaks: "signal reaches the process itself and not its children",
    says: /child is alive as it was before: expected true/,
    backend: born((child) => ({ kill: (signal) => child.kill(signal, "group") })),
  },
  {
    fault: "a kill that is ignored",
    breaks: "close(true) kills at once",
    says: /answer of close: expected true, got false/,
    backend: born((child) => {
      // The second time it works, so that nothing is left of the test.
      let kills = 0;
      return { kill: (signal, target) => ++kills < 2 ? undefined : child.kill(signal, target) };
    }),
  },
  {
    fault: "SIGKILL that asks for consent",
    breaks: "close kills a command that ignores SIGTERM, after killGrace",
    says: /answer of close: expected true/,
    backend: born((child) => {
      // The second time it works, so that nothing is left of the test.
      let kills = 0;
      return {
        kill: (signal, target) =>
          child.kill(signal === "SIGKILL" && kills++ === 0 ? "SIGTERM" : signal, target),
      };
    }),
  },
  {
    fault: "a signal that comes too late as an error",
    breaks: "a signal that comes too late is no error",
    says: /There is no such process/,
    backend: born((child) => {
      let over = false;
      child.exit.then(() => over = true);
      return {
        kill: (signal, target) => {
          if (over) throw new Error("There is no such process.");
          return child.kill(signal, target);
        },
      };
    }),
  },
  {
    fault: "a death by a signal told as exit code 0",
    breaks: "a death by signal n is told as exit code 128 + n with the signal's name",
    says: /^exitCode of diesOf\w+: expected \d+, got 0/,
    backend: born((child) => ({
      exit: child.exit.then(({ signal, code }) => ({ code: signal ? 0 : code })),
    })),
  },
  {
    fault: "exit codes above 128 taken for signals",
    breaks: "an exit code above 128 is no signal",
    says: /^signal: expected undefined/,
    backend: born((child) => ({
      exit: child.exit.then((exit) => exit.code === 143 ? { code: 0, signal: "SIGTERM" as const } : exit),
    })),
  },
  {
    fault: "two pipes merged by arrival",
    breaks: "merged output keeps the order written, line by line",
    says: /^stdout: expected ".*(out|err) \d/,
    backend: (good) =>
      born(({ stdout, stderr }) => {
        if (!stdout || !stderr) return {};
        return { stdout: byArrival([stdout, stderr]) };
      })(asked((request) => ({ ...request, mergeStderr: false }))(good)),
  },
  {
    fault: "a shell that merges and changes the environment",
    breaks: "merging does not change the environment",
    says: /different are \w/,
    backend: wrapped('exec "$0" "$@" 2>&1', ({ mergeStderr }) => mergeStderr),
  },
  {
    fault: "a shell that merges and starts in place of a missing command",
    breaks: "merging does not change how a start fails",
    says: /rejection with "command_not_found", but it resolved/,
    backend: wrapped('exec "$0" "$@" 2>&1', ({ mergeStderr }) => mergeStderr),
  },
];

function byArrival(sources: readonly ByteSource[]): ByteSource {
  const pending = new Map<ByteSource, Promise<readonly [ByteSource, Uint8Array | null]>>();
  const ask = (source: ByteSource) => {
    pending.set(source, source.read().then((chunk) => [source, chunk] as const));
  };
  sources.forEach(ask);
  return {
    read: async () => {
      while (pending.size > 0) {
        const [source, chunk] = await Promise.race(pending.values());
        if (chunk === null) pending.delete(source);
        else {
          ask(source);
          return chunk;
        }
      }
      return null;
    },
    close: () => sources.forEach((source) => void source.close()),
  };
}
