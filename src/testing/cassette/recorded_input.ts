/**
 * Standard input of a played process, compared with what was recorded.
 * @module
 */
import { show } from "../../check.ts";
import { quote } from "../../command.ts";
import { ExecError } from "../../errors.ts";
import { decodeUtf8 } from "../../utf8.ts";
import { joinBytes, sameBytes } from "../bytes.ts";
import type { FakeChild } from "../fake/child.ts";
import type { Edits } from "./edits.ts";
import { type CassetteCall, type Data, decodeData } from "./format.ts";

const NOTHING = new Uint8Array(0);

/** Compares what is written to a played child with what was recorded. */
export class RecordedInput {
  readonly #child: FakeChild;
  readonly #call: CassetteCall;
  readonly #edits: Edits;
  /** What was written and not yet compared, where texts are compared as they are. */
  #pending: Uint8Array = NOTHING;
  /** All that was written, and how much of its edited form was compared, where secrets are taken out. */
  #all: Uint8Array = NOTHING;
  #compared = 0;

  constructor(child: FakeChild, call: CassetteCall, edits: Edits) {
    this.#child = child;
    this.#call = call;
    this.#edits = edits;
  }

  /**
   * Takes what was recorded out of standard input, in whatever pieces it comes.
   * @throws {ExecError} A rejection with `unexpected_stdin`
   */
  async expect(data: Data): Promise<void> {
    const recorded = decodeData(data);
    if (this.#edits.redacts) await this.#expectRedacted(recorded);
    else await this.#expectExactly(this.#edits.bytesFromCassette(recorded));
  }

  /**
   * Standard input must end here.
   * @throws {ExecError} A rejection with `unexpected_stdin`
   */
  async expectEnd(): Promise<void> {
    do {
      const more = this.#edits.redacts ? this.#redacted().subarray(this.#compared) : this.#pending;
      if (more.length > 0) throw this.#different(more, NOTHING);
    } while (await this.#readOn());
  }

  async #expectExactly(wanted: Uint8Array): Promise<void> {
    for (let at = 0; at < wanted.length;) {
      const more = this.#pending.length > 0 || await this.#readOn();
      if (this.#child.ended) return;
      const part = this.#pending.subarray(0, wanted.length - at);
      if (!more || !sameBytes(part, wanted.subarray(at, at + part.length))) {
        throw this.#different(joinBytes([wanted.subarray(0, at), part]), wanted);
      }
      this.#pending = this.#pending.subarray(part.length);
      at += part.length;
    }
  }

  // A secret may come in pieces, and its edited form has another length: all of the text is edited each time.
  async #expectRedacted(wanted: Uint8Array): Promise<void> {
    for (;;) {
      const rest = this.#redacted().subarray(this.#compared);
      if (sameBytes(rest.subarray(0, wanted.length), wanted)) break;
      const more = await this.#readOn();
      if (this.#child.ended) return;
      if (!more) throw this.#different(rest, wanted);
    }
    this.#compared += wanted.length;
  }

  /** Waits for more of standard input; false at its end, or when the process has ended. */
  async #readOn(): Promise<boolean> {
    const chunk = await this.#child.read();
    if (chunk === null || this.#child.ended) return false;
    if (this.#edits.redacts) this.#all = joinBytes([this.#all, chunk]);
    else this.#pending = chunk;
    return true;
  }

  #redacted(): Uint8Array {
    return this.#edits.bytesToCassette(this.#all, "stdin");
  }

  #different(got: Uint8Array, wanted: Uint8Array): ExecError {
    const { redacts } = this.#edits;
    // A message shows what a cassette may show.
    const [shown, recorded] = [got, wanted].map((bytes) =>
      decodeUtf8(redacts ? bytes : this.#edits.bytesToCassette(bytes, "stdin"))
    ) as [string, string];
    const command = show(quote(this.#call.argv));
    const message = `Standard input of ${command} differs from the recorded one, from character ` +
      `${firstDifference(shown, recorded)} on: expected ${showFrom(recorded, shown)}, got ${
        showFrom(shown, recorded)
      }. Record the cassette again if it should.`;
    const details = { argv: this.#call.argv };
    return new ExecError("unexpected_stdin", message, { kind: "NOT_FOUND", details });
  }
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

/** A text in a message: where it differs from another one, and a little before. */
function showFrom(text: string, other: string): string {
  if (text === "") return "no more";
  const start = Math.max(0, firstDifference(text, other) - 30);
  return (start > 0 ? "..." : "") + show(text.slice(start));
}
