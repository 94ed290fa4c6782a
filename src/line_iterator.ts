/**
 * Lines out of a stream, one after another: by hand, because an async generator costs more for a line than all else.
 * @module
 */
import { LineSplitter } from "./lines.ts";

const LF = 0x0a;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Where the bytes come from. */
export interface LineSource {
  /** Bytes of a line that has no end yet, at most. */
  readonly maxLine: number;
  /** Whether the stream stays open when the loop is left early, with all that the loop did not take. */
  readonly preventCancel: boolean;
  read(): Promise<Uint8Array | null>;
  /** Takes back the memory of a chunk that was read. */
  recycle(chunk: Uint8Array): void;
  /** Gives back bytes that were read and not used. */
  unread(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Iterates over the lines of a stream. */
export class LineIterator implements AsyncIterator<string, undefined> {
  readonly #source: LineSource;
  readonly #splitter: LineSplitter;
  /** The lines of the last chunk, and how many of them were taken. */
  #lines: readonly string[] = [];
  #taken = 0;
  #chunk: Uint8Array | undefined;
  #over = false;
  /** Why there are no more lines after those: one is too long. */
  #tooLong: unknown;
  /** What is asked for while a read is pending waits for its turn. */
  #turn: Promise<unknown> | undefined;
  #waiting = 0;

  constructor(source: LineSource) {
    this.#source = source;
    this.#splitter = new LineSplitter(source.maxLine);
  }

  next(): Promise<IteratorResult<string, undefined>> {
    if (this.#waiting === 0 && this.#taken < this.#lines.length) return Promise.resolve(this.#take());
    return this.#inTurn(() => this.#next());
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    // Who waits for bytes would not hear of the end before they come.
    if (this.#waiting > 0 && !this.#source.preventCancel) await this.#source.close();
    return await this.#inTurn(() => this.#leave());
  }

  async #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    this.#waiting++;
    const turn = before === undefined ? action() : before.then(action, action);
    this.#turn = turn;
    try {
      return await turn;
    } finally {
      this.#waiting--;
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  #take(): IteratorYieldResult<string> {
    return { done: false, value: this.#lines[this.#taken++]! };
  }

  async #next(): Promise<IteratorResult<string, undefined>> {
    while (this.#taken >= this.#lines.length) {
      if (this.#over) return DONE;
      await this.#fill();
    }
    return this.#take();
  }

  async #fill(): Promise<void> {
    if (this.#chunk) this.#source.recycle(this.#chunk);
    this.#chunk = undefined;
    try {
      if (this.#tooLong !== undefined) {
        // Nobody will read on, so the child must not wait for that.
        await this.#source.close();
        throw this.#tooLong;
      }
      const chunk = await this.#source.read();
      this.#over = chunk === null;
      this.#lines = chunk === null ? this.#splitter.end() : this.#split(chunk);
      this.#taken = 0;
      this.#chunk = chunk ?? undefined;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** The lines of a chunk; those before one that is too long come before the error, however the chunks were cut. */
  #split(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    try {
      this.#splitter.push(chunk, lines);
    } catch (error) {
      this.#tooLong = error;
    }
    return lines;
  }

  /** The loop was left early; before it began, or at its end, there is nothing to leave. */
  async #leave(): Promise<IteratorReturnResult<undefined>> {
    const [chunk, taken] = [this.#chunk, this.#taken];
    const left = chunk !== undefined && !this.#over;
    this.#forget();
    if (!left) return DONE;
    if (!this.#source.preventCancel) await this.#source.close();
    else this.#source.unread(chunk.subarray(startOfLine(chunk, taken)));
    return DONE;
  }

  #forget(): void {
    this.#over = true;
    [this.#lines, this.#taken, this.#chunk] = [[], 0, undefined];
  }
}

/** Where the line begins before which there are so many newlines. */
function startOfLine(bytes: Uint8Array, newlines: number): number {
  let at = 0;
  for (let i = 0; i < newlines; i++) at = bytes.indexOf(LF, at) + 1;
  return at;
}
