/**
 * Memory for reads, used again where its bytes are not kept: fresh memory for each read costs clearing it, collecting
 * it, and page faults after every fork.
 * @module
 */
import { freeMemory } from "./free_memory.ts";

/** What one read takes at most; no pipe gives more at once. */
export const READ_SIZE: number = 64 * 1024;

/** The most buffers kept for later reads: 1 MiB. */
const MOST_SPARE = 16;

const spare: ArrayBuffer[] = [];

/** The buffers of all sources of this host. */
export const spareBuffers = {
  /** A buffer of {@linkcode READ_SIZE} whose content means nothing. */
  take: (): ArrayBuffer => spare.pop() ?? new ArrayBuffer(READ_SIZE),
  /** Takes one back, or frees it where it is of another size, or one too many; nobody may look at its bytes any more. */
  put: (buffer: ArrayBuffer): void => {
    if (buffer.byteLength === READ_SIZE && spare.length < MOST_SPARE) spare.push(buffer);
    else freeMemory(buffer);
  },
};
