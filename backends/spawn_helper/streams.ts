/**
 * The host's ends of a child's pipes.
 * @module
 */
import { connect, type Socket } from "node:net";
import { connectReceiving } from "../received_bytes.ts";

/** Where a helper listens, and what it wants to hear first. */
export interface Address {
  readonly path: string;
  readonly token: string;
}

/** The host's ends, by the child's descriptors. */
export type Streams = ReadonlyMap<number, Socket>;

/**
 * Connects a socket for each descriptor, and says on each what it is. What comes is not read before `receive` or `resume`.
 * @throws {Error} A rejection when one of them can't be connected
 */
export async function connectStreams(
  { path, token }: Address,
  id: number,
  descriptors: readonly number[],
): Promise<Streams> {
  const streams = new Map<number, Socket>();
  try {
    await Promise.all(descriptors.map((descriptor) => {
      // A child may end its output and still read.
      const socket = descriptor === 0 ? connect({ path, allowHalfOpen: true }) : connectReceiving(path);
      socket.pause();
      // It stays: a connection that is reset must not end the host.
      socket.on("error", () => {});
      streams.set(descriptor, socket);
      return new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.once("connect", () => {
          socket.off("error", reject);
          socket.write(`${token} ${id} ${descriptor}\n`);
          resolve();
        });
      });
    }));
    return streams;
  } catch (error) {
    closeStreams(streams);
    throw error;
  }
}

/** Gives them up. */
export function closeStreams(streams: Streams): void {
  for (const socket of streams.values()) socket.destroy();
}
