/**
 * Records one process while it runs.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest } from "../../backend.ts";
import { show } from "../../check.ts";
import { quote } from "../../command.ts";
import { type ExecError, toExecError } from "../../errors.ts";
import type { SignalName } from "../../signals.ts";
import type { Edits } from "./edits.ts";
import { joinBytes, sameBytes } from "../bytes.ts";
import { type CassetteCall, type CassetteEvent, encodeData } from "./format.ts";

type StreamName = "stdin" | "stdout" | "stderr";
/** What came on one stream before anything else happened. */
interface Piece {
  readonly name: StreamName;
  readonly chunks: Uint8Array[];
}
type Happening = Piece | { readonly other: CassetteEvent };

/** The record of one call. */
export class Tape {
  readonly #request: SpawnRequest;
  readonly #happenings: Happening[] = [];
  readonly #open = new Set<ByteSource>();
  #exit: ChildExit | undefined;
  #error: ExecError | undefined;
  #pipesHeld = false;
  #started = false;

  constructor(request: SpawnRequest) {
    this.#request = request;
  }

  /** It could not start. */
  failed(error: unknown): void {
    this.#error = toExecError(error, "Starting");
  }

  /** The same child, with an ear to it. */
  listen(child: Child): Child {
    this.#started = true;
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

  /** What was recorded so far; nothing as long as it has neither started nor failed to. */
  toCall(edits: Edits): CassetteCall | undefined {
    if (!this.#started && !this.#error) return undefined;
    const call = edits.identify(this.#request);
    if (this.#error) {
      const { kind, reason, message } = this.#error;
      // A message shows words that were not redacted, maybe cut off: it is no text that can be redacted for certain.
      const told = edits.redacts
        ? `Command ${show(quote(call.argv))} could not be started: ${reason}.`
        : edits.toCassette(message, "argv");
      return { ...call, error: { kind, reason, message: told } };
    }
    const bytes = this.#editedBytes(edits);
    const events = this.#happenings.flatMap((happening): CassetteEvent[] => {
      if ("other" in happening) return [happening.other];
      const data = bytes.get(happening);
      return data ? [{ [happening.name]: encodeData(data) } as CassetteEvent] : [];
    });
    const exit = this.#exit &&
      (this.#exit.signal ? { signal: this.#exit.signal } : { code: this.#exit.code });
    return { ...call, events, ...(exit && { exit }), ...(this.#pipesHeld && { pipesHeld: true as const }) };
  }

  #editedBytes(edits: Edits): Map<Piece, Uint8Array> {
    const edited = new Map<Piece, Uint8Array>();
    for (const name of ["stdin", "stdout", "stderr"] as const) {
      const pieces = this.#happenings.filter((each): each is Piece => "name" in each && each.name === name);
      const originals = pieces.map(({ chunks }) => joinBytes(chunks));
      const parts = originals.map((bytes) => edits.bytesToCassette(bytes, name));
      const whole = parts.length > 1 && edits.redacts
        ? edits.bytesToCassette(joinBytes(originals), name)
        : undefined;
      if (!whole || sameBytes(joinBytes(parts), whole)) {
        pieces.forEach((piece, index) => edited.set(piece, parts[index]!));
      } else {
        // A secret came in two pieces: not to show its halves is worth more than when they came. Output comes early
        // and input is taken late, so that a dialogue can still be played.
        edited.set(pieces.at(name === "stdin" ? -1 : 0)!, whole);
      }
    }
    return edited;
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
