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

/** Gets the bytes; answers whether more may come before the socket is resumed. */
export type Receiver = (chunk: Uint8Array) => boolean;

/** Takes back the memory of a chunk that a receiver got: nobody looks at its bytes any more. */
export type Recycle = (chunk: Uint8Array) => void;

/** A chunk up to this size is copied, so that its buffer is there for the next read. */
const SMALL = READ_SIZE / 4;

/** Bun's sockets take no buffer, and Deno's are not used. */
const NODE = process.versions["bun"] === undefined && !("Deno" in globalThis);

const receivers = new WeakMap<Socket, Receiver>();

/** Has the chunks of a stream go to a function, which answers whether more may come before the stream is resumed. */
export function listen(stream: Readable, receiver: Receiver): Recycle {
  stream.on("data", (chunk: Uint8Array) => receiver(NODE ? chunk : own(chunk)) || stream.pause());
  return free;
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
  const socket: Socket = connect({
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
        const receiver = receivers.get(socket);
        return receiver ? receiver(given) : socket.push(Buffer.from(given.buffer, 0, length));
      },
    },
  });
  // Nothing is read any more: a buffer that each socket left behind would make the host larger, and its forks slower.
  socket.once("close", () => {
    if (next) spareBuffers.put(next);
  });
  return socket;
}

/** Has the bytes of a socket go to a function from now on. */
export function receive(socket: Socket, receiver: Receiver): Recycle {
  const recycle = NODE ? reuse : listen(socket, receiver);
  if (NODE) receivers.set(socket, receiver);
  socket.resume();
  return recycle;
}
