/**
 * Memory that nobody needs, given back at once. Engines count a buffer by its object, which is small: tens of megabytes
 * of buffers are left behind before they are collected, and each new one has to be paged in meanwhile.
 * @module
 */

/** Freeing a smaller one costs more than it gives. */
const WORTH_IT = 4 * 1024;

type Free = (buffer: ArrayBuffer) => unknown;

let free: Free | undefined;

/** Takes a buffer's memory away: whoever looked at it yet would find it empty. */
export function freeMemory(buffer: ArrayBuffer): void {
  if (buffer.byteLength < WORTH_IT) return;
  try {
    (free ??= makeFree())(buffer);
  } catch {
    // It is collected as any other.
  }
}

function makeFree(): Free {
  if ("transfer" in ArrayBuffer.prototype) {
    return (buffer) => (buffer as ArrayBuffer & { transfer(length: number): ArrayBuffer }).transfer(0);
  }
  // Node 20 detaches what is sent to a port that nobody has any more. One that is closed keeps no host alive.
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return (buffer) => port1.postMessage(null, [buffer]);
}
