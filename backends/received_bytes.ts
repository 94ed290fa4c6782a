/**
 * Bytes as they are received. Those of a socket come without a stream's queue between: Node reads them into memory that
 * is used again.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import process from "node:process";
import type { Readable } from "node:stream";
import { freeMemory } from "./free_memory.ts";
import { READ_SIZE, spareBuffers } from "./spare_buffers.ts";

/** Gets the bytes of a stream. */
export interface Receiver {
  /** More came; answers whether still more may come before the stream is resumed. */
  take(chunk: Uint8Array): boolean;
  /** The end of the pipe was read: nothing comes any more. */
  atEnd(): void;
  /** Nothing comes any more, for whatever other reason. */
  end(error?: Error): void;
}

/** Takes back the memory of a chunk that a receiver got: nobody looks at its bytes any more. */
export type Recycle = (chunk: Uint8Array) => void;

/** A chunk up to this size is copied, so that its buffer is there for the next read. */
const SMALL = READ_SIZE / 4;

/** Bun's sockets take no buffer, and Deno's are not used. */
const NODE = process.versions["bun"] === undefined && !("Deno" in globalThis);

/** Where a stream has who gets its bytes. Its listeners know nobody else, so that it can forget him. */
const RECEIVER = Symbol("receiver");

/** A stream that somebody listens to. */
type Received = Readable & { [RECEIVER]?: Receiver | undefined };

/** Has the bytes of a stream go to a receiver. */
export function listen(stream: Readable, receiver: Receiver): Recycle {
  listenForEnd(stream, receiver);
  stream.on("data", onData);
  return free;
}

/**
 * Tells a receiver of nothing any more. V8 puts a function literal that is assigned to a property among what is old, and
 * Node's streams have one: they outlive each quick collection, with all they lead to, and the heap grows by that.
 */
export function forget(stream: Readable): void {
  (stream as Received)[RECEIVER] = undefined;
}

function listenForEnd(stream: Received, receiver: Receiver): void {
  stream[RECEIVER] = receiver;
  stream.on("end", onEnd);
  stream.on("close", onClose);
  stream.on("error", onError);
}

function onData(this: Received, chunk: Uint8Array): void {
  const more = this[RECEIVER]?.take(NODE ? chunk : own(chunk)) ?? true;
  if (!more) this.pause();
}

function onEnd(this: Received): void {
  this[RECEIVER]?.atEnd();
}

function onClose(this: Received): void {
  this[RECEIVER]?.end();
}

function onError(this: Received, error: Error): void {
  this[RECEIVER]?.end(error);
}

/** Bun cuts chunks out of memory that they share; who gets one may keep it, and transfer it too. */
function own(chunk: Uint8Array): Uint8Array {
  return chunk.length === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk);
}

/** Frees a chunk; what is less than half of its buffer may be one of many in it. */
function free({ buffer, length }: Uint8Array): void {
  if (2 * length > buffer.byteLength) freeMemory(buffer as ArrayBuffer);
}

/** Has the memory used again, all of which belongs to the chunk. */
function reuse({ buffer }: Uint8Array): void {
  spareBuffers.put(buffer as ArrayBuffer);
}

/** Connects to a unix socket. What it gets comes as `data`, as always, until {@linkcode receive} is called. */
export function connectReceiving(path: string): Socket {
  if (!NODE) return connect(path);
  let next: ArrayBuffer | undefined;
  const socket: Socket & Received = connect({
    path,
    onread: {
      // Asked for at first and after every read: the buffer of the last one is the reader's then.
      buffer: () => new Uint8Array(next = spareBuffers.take()),
      callback: (length, { buffer }) => {
        next = undefined;
        const chunk = new Uint8Array(buffer as ArrayBuffer, 0, length);
        const copied = length <= SMALL;
        const given = copied ? chunk.slice() : chunk;
        if (copied) spareBuffers.put(buffer as ArrayBuffer);
        const receiver = socket[RECEIVER];
        return receiver ? receiver.take(given) : socket.push(Buffer.from(given.buffer, 0, length));
      },
    },
  });
  // Nothing is read any more: a buffer that each socket left behind would make the host larger, and its forks slower.
  socket.once("close", () => {
    if (next) spareBuffers.put(next);
  });
  return socket;
}

/** Has the bytes of a socket that connected receiving go to a receiver from now on. */
export function receive(socket: Readable, receiver: Receiver): Recycle {
  const recycle = NODE ? reuse : listen(socket, receiver);
  if (NODE) listenForEnd(socket, receiver);
  socket.resume();
  return recycle;
}
