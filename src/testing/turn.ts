/**
 * Turns of the event loop, which no fake timers of a test framework take over.
 * @module
 */

/** What is used of a MessagePort: the types of the runtimes disagree about it. */
interface Port {
  onmessage: () => void;
  postMessage(message: unknown): void;
  close(): void;
}

/** Calls back in the next turn of the event loop: when all microtasks are done. */
export function onNextTurn(callback: () => void): void {
  const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port };
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(0);
}
