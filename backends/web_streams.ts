/**
 * Web Streams as the seam wants them: bytes to pull, and a sink that answers every write.
 * @module
 */
import type { ByteSource, Child } from "../src/backend.ts";
import { READ_SIZE, spareBuffers } from "./spare_buffers.ts";

/** A chunk up to this size is copied, so that its buffer is there for the next read. */
const SMALL = READ_SIZE / 4;

/** What a read takes until one was full: a read that waits holds its memory, and most processes are silent most of the time. */
const FIRST_SIZE = 4 * 1024;

/**
 * Pulls bytes from a byte stream into memory that is used again: a reader that lets the stream allocate gets 64 KiB of
 * fresh memory for every read, also for the one that finds the end.
 */
export function readableSource(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader({ mode: "byob" });
  let closed = false;
  let full = false;
  const memory = () => full ? spareBuffers.take() : new ArrayBuffer(FIRST_SIZE);
  return {
    read: async () => {
      try {
        // The buffer moves into the read and comes back as that of the bytes read.
        const { done, value } = await reader.read(new Uint8Array(memory()));
        if (!value) return null;
        if (done || closed) spareBuffers.put(value.buffer as ArrayBuffer);
        if (done || closed) return null;
        full ||= value.length === FIRST_SIZE;
        if (value.length > SMALL) return value as Uint8Array;
        const copy = value.slice();
        spareBuffers.put(value.buffer as ArrayBuffer);
        return copy;
      } catch (error) {
        if (closed) return null;
        throw error;
      }
    },
    recycle: (chunk) => spareBuffers.put(chunk.buffer as ArrayBuffer),
    close: () => {
      closed = true;
      // A reader that is cancelled gives up the descriptor; that it was closed already is no error.
      return reader.cancel().catch(() => {});
    },
  };
}

/** A sink over a stream: each write resolves when the system took the bytes, and no failure goes unhandled. */
export function writableSink(stream: WritableStream<Uint8Array>): NonNullable<Child["stdin"]> {
  const writer = stream.getWriter();
  // Nobody waits for this one: the write that failed tells.
  writer.closed.catch(() => {});
  writer.ready.catch(() => {});
  return {
    write: (bytes) => writer.write(bytes),
    close: () => writer.close().catch(() => {}),
  };
}
