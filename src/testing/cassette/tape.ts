/**
 * Records one process while it runs.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest } from "../../backend.ts";
import { type ExecError, toExecError } from "../../errors.ts";
import type { SignalName } from "../../signals.ts";
import type { Edits } from "./edits.ts";
import { type CassetteCall, type CassetteEvent, encodeData } from "./format.ts";

type StreamName = "stdin" | "stdout" | "stderr";
type Happening = { readonly name: StreamName; chunks: Uint8Array[] } | { readonly other: CassetteEvent };

/** The record of one call. */
export class Tape {
  readonly #request: SpawnRequest;
  readonly #happenings: Happening[] = [];
  readonly #open = new Set<ByteSource>();
  #exit: ChildExit | undefined;
  #error: ExecError | undefined;
  #pipesHeld = false;

  constructor(request: SpawnRequest) {
    this.#request = request;
  }

  /** It could not start. */
  failed(error: unknown): void {
    this.#error = toExecError(error, "Starting");
  }

  /** The same child, with an ear to it. */
  listen(child: Child): Child {
    const exit = child.exit.then((exit) => this.#exit = exit);
    exit.catch(() => {});
    return {
      ...(child.pid !== undefined && { pid: child.pid }),
      ...(child.stdin && { stdin: this.#listenToInput(child.stdin) }),
      ...(child.stdout && { stdout: this.#listenToOutput("stdout", child.stdout) }),
      ...(child.stderr && { stderr: this.#listenToOutput("stderr", child.stderr) }),
      exit,
      kill: (signal: SignalName, target: "process" | "group") => {
        // What is signalled after the exit is a leftover of the group.
        if (!this.#exit) this.#happenings.push({ other: { signal } });
        else if (this.#open.size > 0) this.#pipesHeld = true;
        return child.kill(signal, target);
      },
      groupGone: () => child.groupGone(),
      unref: () => child.unref?.(),
    };
  }

  /** What was recorded so far. */
  toCall(edits: Edits): CassetteCall {
    const call = edits.identify(this.#request);
    if (this.#error) {
      const { kind, reason, message } = this.#error;
      return { ...call, error: { kind, reason, message: edits.toCassette(message, "stderr") } };
    }
    const events = this.#happenings.map((happening): CassetteEvent => {
      if ("other" in happening) return happening.other;
      const { name, chunks } = happening;
      const data = encodeData(concat(chunks), (text) => edits.toCassette(text, name));
      return { [name]: data } as CassetteEvent;
    });
    const exit = this.#exit &&
      (this.#exit.signal ? { signal: this.#exit.signal } : { code: this.#exit.code });
    return { ...call, events, ...(exit && { exit }), ...(this.#pipesHeld && { pipesHeld: true as const }) };
  }

  #listenToInput(sink: NonNullable<Child["stdin"]>): NonNullable<Child["stdin"]> {
    return {
      write: (bytes) => {
        this.#add("stdin", new Uint8Array(bytes));
        return sink.write(bytes);
      },
      close: () => {
        if (!this.#exit) this.#happenings.push({ other: { stdinEnd: true } });
        return sink.close();
      },
    };
  }

  #listenToOutput(name: StreamName, source: ByteSource): ByteSource {
    this.#open.add(source);
    return {
      read: async () => {
        const chunk = await source.read();
        if (chunk) this.#add(name, new Uint8Array(chunk));
        else this.#open.delete(source);
        return chunk;
      },
      close: () => {
        if (this.#exit && this.#open.has(source)) this.#pipesHeld = true;
        this.#open.delete(source);
        return source.close();
      },
    };
  }

  // Chunk edges are chance: what follows on the same stream is one text.
  #add(name: StreamName, chunk: Uint8Array): void {
    const last = this.#happenings.at(-1);
    if (last && "name" in last && last.name === name) last.chunks.push(chunk);
    else this.#happenings.push({ name, chunks: [chunk] });
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
