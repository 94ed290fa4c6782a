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
    port2.close();
    callback();
  };
  port2.postMessage(0);
}

/** Lets microtasks happen, as many links of a chain of them as `turns` says. */
export async function microtasks(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined;
}

/** Links of a chain of microtasks between two turns of the event loop: Deno may deliver a message amid microtasks. */
const MICROTASKS = 64;
/** Turns in which nothing happened before it is quiet. */
const QUIET_TURNS = 2;
/** Turns after which it will never be quiet: a command that writes without end. */
const MOST_TURNS = 1_000;

let happenings = 0;

/** Something happened in a fake, which may cause more to happen. */
export function somethingHappened(): void {
  happenings++;
}

/** Waits until nothing more happens that waits for promises only, in the program or in a fake. */
export async function quiet(): Promise<void> {
  let still = 0;
  for (let turn = 0; turn < MOST_TURNS && still < QUIET_TURNS; turn++) {
    const before = happenings;
    await microtasks(MICROTASKS);
    await new Promise<void>(onNextTurn);
    still = happenings === before ? still + 1 : 0;
  }
}
