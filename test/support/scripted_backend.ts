/**
 * A backend in memory: what a child does, and when, is the test's to say. No process, no pipe, no timer.
 */
import type { Backend, ByteSource, Capabilities, Child, ChildExit, SpawnRequest } from "../../src/backend.ts";
import { setRunning } from "../../src/load_running.ts";
import { parts } from "../../src/running.ts";
import type { SignalName } from "../../src/signals.ts";

// Tests count on it that a command starts in this very turn of the event loop, the first one too.
setRunning(parts);

const encoder = new TextEncoder();

/** The bytes of a string; bytes as they are. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Starts children that do what the test says. */
export class ScriptedBackend implements Backend {
  readonly name = "scripted";
  readonly capabilities: Capabilities;
  /** What was asked for, in order. */
  readonly requests: SpawnRequest[] = [];
  /** What runs or ran, in order. */
  readonly children: ScriptedChild[] = [];
  /** Prepares each child before the core gets it. */
  prepare: (child: ScriptedChild) => void = () => {};
  #refusals: unknown[] = [];
  #gate: Promise<void> | undefined;

  constructor(capabilities: Partial<Capabilities> = {}) {
    this.capabilities = { processGroups: true, mergedOutput: true, killOnHostExit: false, ...capabilities };
  }

  /** The child started last. */
  get child(): ScriptedChild {
    const child = this.children.at(-1);
    if (!child) throw new Error("No child was started.");
    return child;
  }

  /** The next start is refused with this. */
  refuse(error: unknown): void {
    this.#refusals.push(error);
  }

  /** Starts are held until the answer is called. */
  hold(): () => void {
    let open!: () => void;
    this.#gate = new Promise((resolve) => open = resolve);
    return () => {
      this.#gate = undefined;
      open();
    };
  }

  async spawn(request: SpawnRequest): Promise<Child> {
    this.requests.push(request);
    if (this.#gate) await this.#gate;
    if (this.#refusals.length > 0) throw this.#refusals.shift();
    const child = new ScriptedChild(request, 1000 + this.children.length);
    this.children.push(child);
    this.prepare(child);
    return child;
  }
}

/** A child that lives until a signal that is not ignored, or the test, ends it. */
export class ScriptedChild implements Child {
  readonly request: SpawnRequest;
  readonly pid: number;
  readonly stdin?: ScriptedSink;
  readonly stdout?: ScriptedSource;
  readonly stderr?: ScriptedSource;
  readonly exit: Promise<ChildExit>;
  /** Signals that came, as `"SIGTERM group"`. */
  readonly kills: string[] = [];
  /** How often it was asked whether the group is gone. */
  probes = 0;
  /** How often it was told not to keep the host alive. */
  unrefs = 0;
  /** What a signal does; unless the test says otherwise it ends the child and all of its group. */
  onKill: (signal: SignalName, target: "process" | "group") => void | Promise<void> = (signal) =>
    this.dieOf(signal);
  /** Whether the group is empty; unless the test says otherwise it is once the child has ended. */
  isGone: () => boolean | Promise<boolean> = () => this.#over;
  #over = false;
  #settle!: { resolve: (exit: ChildExit) => void; reject: (error: unknown) => void };

  constructor(request: SpawnRequest, pid: number) {
    this.request = request;
    this.pid = pid;
    if (request.stdin === "pipe") this.stdin = new ScriptedSink();
    if (request.stdout === "pipe") this.stdout = new ScriptedSource();
    if (request.stderr === "pipe" && !request.mergeStderr) this.stderr = new ScriptedSource();
    this.exit = new Promise((resolve, reject) => this.#settle = { resolve, reject });
  }

  /** The child's stdout, in a test where it is piped. */
  get out(): ScriptedSource {
    return this.stdout!;
  }

  /** The child's stderr, in a test where it is piped. */
  get err(): ScriptedSource {
    return this.stderr!;
  }

  /** It exits and its pipes end. */
  exitWith(code: number): void {
    this.#end({ code });
  }

  /** It exits while somebody else holds its pipes. */
  exitHoldingPipes(code: number): void {
    this.#over = true;
    this.#settle.resolve({ code });
  }

  /** A signal ends it, and its pipes end. */
  dieOf(signal: SignalName): void {
    this.#end({ code: 0, signal });
  }

  /** The backend loses it: nobody will know how it ended. */
  lose(error: unknown): void {
    this.#over = true;
    this.#settle.reject(error);
  }

  kill(signal: SignalName, target: "process" | "group"): void | Promise<void> {
    this.kills.push(`${signal} ${target}`);
    return this.onKill(signal, target);
  }

  groupGone(): boolean | Promise<boolean> {
    this.probes++;
    return this.isGone();
  }

  unref(): void {
    this.unrefs++;
  }

  #end(exit: ChildExit): void {
    if (this.#over) return;
    this.#over = true;
    this.stdout?.end();
    this.stderr?.end();
    this.#settle.resolve(exit);
  }
}

/** A pipe from the child: it gives what the test pushed, and counts what was pulled. */
export class ScriptedSource implements ByteSource {
  /** Bytes the core has pulled. */
  pulled = 0;
  /** Whether the core gave the descriptor up. */
  closed = false;
  #chunks: Uint8Array[] = [];
  #flooded = 0;
  #ended = false;
  #error: unknown;
  #waiting: { resolve: (chunk: Uint8Array | null) => void; reject: (error: unknown) => void } | undefined;

  /** Whether nobody holds the writing end any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a read of the core is pending. */
  get isRead(): boolean {
    return this.#waiting !== undefined;
  }

  push(...chunks: (string | Uint8Array)[]): this {
    this.#chunks.push(...chunks.map(bytesOf));
    this.#deliver();
    return this;
  }

  /** `count` chunks of `size` bytes; the bytes count up modulo 251, from where the last call ended. */
  flood(count: number, size: number): this {
    for (let i = 0; i < count; i++, this.#flooded += size) this.push(patternFrom(this.#flooded, size));
    return this;
  }

  end(): void {
    this.#ended = true;
    this.#deliver();
  }

  fail(error: unknown): void {
    this.#error = error;
    this.#deliver();
  }

  read(): Promise<Uint8Array | null> {
    if (this.#waiting) throw new Error("The core read a source while a read was pending.");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#deliver();
    });
  }

  close(): void {
    this.closed = true;
    this.#chunks = [];
    this.#deliver();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const chunk = this.#chunks.shift();
    const over = chunk === undefined && (this.#ended || this.closed);
    if (chunk === undefined && this.#error === undefined && !over) return;
    this.#waiting = undefined;
    if (chunk) this.pulled += chunk.length;
    if (chunk === undefined && !over) waiting.reject(this.#error);
    else waiting.resolve(chunk ?? null);
  }
}

/** The bytes of a flood from `start` on. */
export function patternFrom(start: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (start + i) % 251;
  return bytes;
}

/** Whether bytes are those of a flood from `start` on; quick, where a matcher takes a second for a megabyte. */
export function isFlood(bytes: Uint8Array, start = 0): boolean {
  return bytes.every((byte, i) => byte === (start + i) % 251);
}

/** A pipe to the child: it takes every write at once, unless the test says otherwise. */
export class ScriptedSink {
  /** What was written, as text. */
  written = "";
  /** Every write as it came, also those that were not taken. */
  readonly writes: Uint8Array[] = [];
  closed = false;
  /** Set to reject every write from now on, as EPIPE does. */
  broken: unknown;
  #stalled: (() => void)[] | undefined;
  readonly #decoder = new TextDecoder();

  /** The child takes nothing until `resume`. */
  stall(): void {
    this.#stalled = [];
  }

  resume(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const take of waiting) take();
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.writes.push(bytes);
    await new Promise<void>((resolve) => this.#stalled ? this.#stalled.push(resolve) : resolve());
    if (this.broken !== undefined) throw this.broken;
    if (this.closed) throw new Error("The core wrote to a sink it had closed.");
    this.written += this.#decoder.decode(bytes, { stream: true });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
