/**
 * The streams of a container: one connection carries all three.
 * @module
 */
import type { Child } from "../../src/backend.ts";
import type { AttachConnection } from "./engine_api.ts";
import { FrameSource } from "./frame_source.ts";

/** Bytes taken from the connection for one stream and not yet asked for, at which the connection is paused. */
const READ_AHEAD = 256 * 1024;
/** Stream type, three zeros, length: before each piece of output. */
const HEADER = 8;

/** What the owner of the streams is told. */
export interface StreamListener {
  /** The command writes to a stream that nobody will read any more. */
  onWasted(): void;
  /** Output of stderr, before anyone reads it. */
  onStderr(bytes: Uint8Array): void;
}

/** Takes the connection apart, and holds it up while a reader is slow. */
export class AttachedStreams {
  readonly stdout: FrameSource;
  readonly stderr: FrameSource;
  /** Resolves when the engine has sent all of the output, or the connection broke. */
  readonly ended: Promise<void>;
  readonly #connection: AttachConnection;
  readonly #listener: StreamListener;
  readonly #header = new Uint8Array(HEADER);
  #headerSize = 0;
  #left = 0;
  #into: FrameSource | undefined;
  /** What may be taken beyond what readers ask for, in bytes. */
  #more = 0;
  #paused = false;
  #destroyed = false;
  #resolveEnded: () => void = () => {};

  constructor(connection: AttachConnection, listener: StreamListener) {
    this.#connection = connection;
    this.#listener = listener;
    const resume = () => this.#update();
    this.stdout = new FrameSource(resume);
    this.stderr = new FrameSource(resume);
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
    connection.on("data", (bytes: Uint8Array) => this.#take(bytes));
    connection.on("error", () => this.#end());
    connection.once("end", () => this.#end());
    connection.once("close", () => this.#end());
  }

  /** Whether a slow reader holds up the command. */
  get heldUp(): boolean {
    return this.#paused;
  }

  /** Takes what is left into memory: after the exit it is no more than the engine and the system hold. */
  takeAll(): void {
    this.takeMore(Infinity);
  }

  /** Takes up to so many bytes more into memory, though nobody asks for them. */
  takeMore(bytes: number): void {
    this.#more = bytes;
    this.#update();
  }

  /** Gives up the connection. */
  destroy(): void {
    this.#destroyed = true;
    this.#connection.destroy();
    this.#end();
  }

  /** Lets the host end while it is open. */
  unref(): void {
    this.#connection.unref?.();
  }

  /** Standard input: each write resolves when the system took the bytes. */
  sink(): NonNullable<Child["stdin"]> {
    const connection = this.#connection;
    return {
      write: (bytes) =>
        new Promise((resolve, reject) =>
          // Node takes what it threw away with the connection for written.
          connection.write(bytes, (error) => {
            if (error || this.#destroyed) reject(error ?? new Error("The connection was closed"));
            else resolve();
          })
        ),
      // Half of the connection: output goes on coming.
      close: () =>
        new Promise((resolve) => {
          if (connection.destroyed || connection.writableEnded) return resolve();
          connection.once("close", resolve);
          connection.end(resolve);
        }),
    };
  }

  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        at += this.#takeHeader(bytes.subarray(at));
        continue;
      }
      // A copy: pieces of both streams share the chunk, and who gets one may keep or transfer it.
      const piece = new Uint8Array(bytes.subarray(at, at + this.#left));
      at += piece.length;
      this.#left -= piece.length;
      if (this.#isFull()) this.#more = Math.max(0, this.#more - piece.length);
      this.#give(piece);
    }
    this.#update();
  }

  #takeHeader(bytes: Uint8Array): number {
    const part = bytes.subarray(0, HEADER - this.#headerSize);
    this.#header.set(part, this.#headerSize);
    this.#headerSize += part.length;
    if (this.#headerSize === HEADER) {
      this.#headerSize = 0;
      const view = new DataView(this.#header.buffer);
      this.#left = view.getUint32(4);
      this.#into = view.getUint8(0) === 2 ? this.stderr : this.stdout;
    }
    return part.length;
  }

  #give(piece: Uint8Array): void {
    const into = this.#into!;
    if (into === this.stderr) this.#listener.onStderr(piece);
    if (!into.take(piece)) this.#listener.onWasted();
  }

  #update(): void {
    const pause = this.#isFull() && this.#more === 0;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#connection.pause();
    else this.#connection.resume();
  }

  #isFull(): boolean {
    return this.stdout.size >= READ_AHEAD || this.stderr.size >= READ_AHEAD;
  }

  #end(): void {
    this.stdout.end();
    this.stderr.end();
    this.#resolveEnded();
  }
}
