/**
 * Web Streams as the seam wants them: bytes to pull, and a sink that answers every write.
 * @module
 */
import type { ByteSource, Child } from "../src/backend.ts";

/** Pulls bytes from a stream. */
export function readableSource(stream: ReadableStream<Uint8Array>): ByteSource {
  const reader = stream.getReader();
  let closed = false;
  return {
    read: async () => {
      try {
        const { done, value } = await reader.read();
        return done || closed ? null : value;
      } catch (error) {
        if (closed) return null;
        throw error;
      }
    },
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
