/**
 * Feeds standard input of a whole command.
 * @module
 */
import { invalidOption, show } from "./check.ts";
import { attempt, ignore } from "./deferred.ts";
import { isExecError } from "./errors.ts";
import type { Input } from "./input.ts";
import type { Process } from "./process.ts";

/**
 * Feeds standard input and ends it; a child that takes no more is no failure.
 * @param ended settles when the process has ended, so that an input that never comes is not waited for
 */
export async function feed(
  process: Process,
  input: Input | undefined,
  ended: Promise<unknown>,
): Promise<void> {
  if (input === undefined) return;
  try {
    if (typeof input === "string" || input instanceof Uint8Array) await process.writeStdin(input);
    else await feedFrom(process, input, ended);
    await process.closeStdin();
  } catch (error) {
    const ended = isExecError(error) &&
      (error.reason === "stdin_closed" || error.reason === "process_closed");
    if (!ended) throw error;
  }
}

async function feedFrom(
  process: Process,
  input: AsyncIterable<Uint8Array>,
  ended: Promise<unknown>,
): Promise<void> {
  const iterator = input[Symbol.asyncIterator]();
  let stop: () => void = ignore;
  let over = false;
  const end = () => {
    over = true;
    stop();
  };
  ended.then(end, end);
  try {
    while (!over) {
      // An input that never comes must not outlast the process it is for.
      const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (!next || next.done) return;
      checkChunk(next.value);
      if (next.value.length > 0) await process.writeStdin(next.value);
    }
  } finally {
    attempt(() => iterator.return?.()).catch(ignore);
  }
}

function checkChunk(chunk: unknown): void {
  if (typeof chunk === "string" || chunk instanceof Uint8Array) return;
  throw invalidOption("input", `must be an iterable of Uint8Arrays or strings, got ${show(chunk)} from it.`);
}
