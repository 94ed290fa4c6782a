/**
 * The seam between the core and whatever starts processes. A backend only starts a process, moves bytes and
 * delivers signals: state, parsing, policy, limits, timeouts and errors live in the core, once.
 * @module
 */
import type { SignalName } from "./signals.ts";

/** What a descriptor of the child is connected to: a pipe to the host, nothing, or the host's own. */
export type Stdio = "pipe" | "null" | "inherit";

/** What a backend can do beyond starting processes and moving bytes. */
export interface Capabilities {
  /** `kill(signal, "group")` reaches the child's descendants, and `groupGone` tells when they are gone. */
  readonly processGroups: boolean;
  /**
   * Without process groups: `kill(signal, "group")` ends the child with its descendants, as long as the child itself
   * runs (default false). What it left behind at its exit can't be found any more.
   */
  readonly processTrees?: boolean;
  /** `mergeStderr` puts stdout and stderr on one descriptor, so that the order written is kept. */
  readonly mergedOutput: boolean;
  /** Live children are killed when the host ends, however it does except by SIGKILL. */
  readonly killOnHostExit: boolean;
  /** `"inherit"` connects the child to the host's own descriptors (default true). */
  readonly inheritStdio?: boolean;
  /** Real commands run, with the files of the machine they run on (default true; false for a fake). */
  readonly realProcesses?: boolean;
}

/** One process to start, checked and complete: a backend needs no defaults of its own. */
export interface SpawnRequest {
  /** The executable and its arguments; frozen, never empty. */
  readonly argv: readonly string[];
  /** The working directory; default: the host's, or the image's. */
  readonly cwd?: string;
  /** Environment variables to set; `undefined` removes an inherited one. Frozen. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `env` is added to the host's (in a container: the image's) environment, or is all there is. */
  readonly inheritEnv: boolean;
  /**
   * Whether the host's PATH finds the executable when `env` has no PATH, and the child still gets none (default
   * false: left to the system). Without meaning with `inheritEnv`, and where commands do not run on the host.
   */
  readonly hostPath?: boolean;
  /** What the child's standard input is connected to. */
  readonly stdin: Stdio;
  /** What the child's standard output is connected to. */
  readonly stdout: Stdio;
  /** What the child's standard error is connected to; without meaning when `mergeStderr` is set. */
  readonly stderr: Stdio;
  /** Whether stderr shares the descriptor of stdout (only with `capabilities.mergedOutput`). */
  readonly mergeStderr: boolean;
  /** Whether the child leads a process group of its own (only with `capabilities.processGroups`). */
  readonly group: boolean;
  /** Whether a signal that ends the host kills the child first (default true; only with `capabilities.killOnHostExit`). */
  readonly handleSignals?: boolean;
}

/** How a process ended: with an exit code, or by a signal (then `code` is ignored). */
export interface ChildExit {
  /** The exit code, 0 to 255. */
  readonly code: number;
  /** The signal that killed it. */
  readonly signal?: SignalName;
  /** Why it ended, where the backend knows more: facts for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A started process, as a backend hands it to the core. */
export interface Child {
  /** The process id, where there is one. */
  readonly pid?: number;
  /** The child's standard input, when it is piped. */
  readonly stdin?: {
    /** Resolves when the bytes were taken; rejects when the child takes no more. */
    write(bytes: Uint8Array): Promise<void>;
    /** Ends the input. */
    close(): Promise<void>;
  };
  /** The child's standard output, when it is piped. */
  readonly stdout?: ByteSource;
  /** The child's standard error, when it is piped and not merged. */
  readonly stderr?: ByteSource;
  /** Settles when the process itself has ended, whoever still holds its pipes. */
  readonly exit: Promise<ChildExit>;
  /** Delivers a signal, at once where the process is local. One that arrives too late is no error. */
  kill(signal: SignalName, target: "process" | "group"): void | Promise<void>;
  /** Whether nothing of the group is left; zombies count as gone. Asked only after the exit. */
  groupGone(): boolean | Promise<boolean>;
  /** Lets the host end while this child runs. */
  unref?(): void;
}

/** Bytes to pull. The core never has two reads pending on one source. */
export interface ByteSource {
  /** The next bytes (the reader's to keep), or `null` at the end. After `close` it answers `null`. */
  read(): Promise<Uint8Array | null>;
  /**
   * Takes back the memory of a chunk, as `read` gave it, for later reads: nobody looks at its bytes any more. Called at
   * most once for a chunk, also after `close`.
   */
  recycle?(chunk: Uint8Array): void;
  /** Gives up the descriptor: a pending `read` answers `null`, and a child that writes on gets EPIPE. */
  close(): void | Promise<void>;
}

/**
 * Something that can start processes.
 *
 * @example A backend that runs every command under nice
 * ```ts
 * import { type Backend, createExecutor } from "@polyspawn/polyspawn";
 * import { nodeBackend } from "@polyspawn/polyspawn/node";
 *
 * const inner = nodeBackend();
 * const nice: Backend = {
 *   name: "nice",
 *   capabilities: inner.capabilities,
 *   spawn: (request) => inner.spawn({ ...request, argv: ["nice", ...request.argv] }),
 * };
 * console.log((await createExecutor({ backend: nice }).output("echo hello")).stdoutText());
 * ```
 */
export interface Backend {
  /** A short name for messages and events. */
  readonly name: string;
  /** What it can do. */
  readonly capabilities: Capabilities;
  /**
   * Starts a process; resolves once it really runs.
   * @throws {ExecError} A rejection with `command_not_found`, `cwd_not_found`, `os_permission`,
   * `argument_too_long` or `resource_exhausted` when it can't start
   */
  spawn(request: SpawnRequest): Promise<Child>;
  /** What to do about a capability it lacks here and now, as the end of a sentence; for messages. */
  readonly remedies?: Readonly<Partial<Record<keyof Capabilities, string>>>;
  /** The shells to look for, best first (default: `/bin/bash -c`, then `/bin/sh -c`). */
  readonly shells?: readonly (readonly [executable: string, args: readonly string[]])[];
  /**
   * What a shell is given for a command line, where one needs more than the text to exit with the exit code of its last
   * command (default: the text).
   */
  readonly shellText?: (
    shell: readonly [executable: string, args: readonly string[]],
    text: string,
  ) => string;
  /** The first of the candidates that is there and executable, as it was given; runs nothing. */
  readonly findExecutable?: ((candidates: readonly string[]) => Promise<string | undefined>) | undefined;
  /** Releases what the backend itself holds. */
  [Symbol.asyncDispose]?(): Promise<void>;
}
