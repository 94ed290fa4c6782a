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
  #pending: Uint8Array = NOTHING;

  constructor(child: FakeChild, call: CassetteCall, edits: Edits) {
    this.#child = child;
    this.#call = call;
    this.#edits = edits;
  }

  /**
   * Takes what was recorded out of standard input.
   * @throws {ExecError} A rejection with `unexpected_stdin`
   */
  async expect(data: Data): Promise<void> {
    const { redacts } = this.#edits;
    const recorded = decodeData(data);
    const wanted = redacts ? recorded : this.#edits.bytesFromCassette(recorded);
    let got = this.#pending;
    // A redacted text may be shorter or longer than what was written: it is compared as a whole, in its redacted form.
    while (redacts ? !sameBytes(this.#redacted(got), wanted) : got.length < wanted.length) {
      if (!redacts && !sameBytes(got, wanted.subarray(0, got.length))) throw this.#different(got, wanted);
      const chunk = await this.#child.read();
      if (this.#child.ended) return;
      if (chunk === null) throw this.#different(got, wanted);
      got = joinBytes([got, chunk]);
    }
    const taken = redacts ? got : got.subarray(0, wanted.length);
    this.#pending = got.subarray(taken.length);
    if (!redacts && !sameBytes(taken, wanted)) throw this.#different(taken, wanted);
  }

  /**
   * Standard input must end here.
   * @throws {ExecError} A rejection with `unexpected_stdin`
   */
  async expectEnd(): Promise<void> {
    const more = this.#pending.length > 0 ? this.#pending : await this.#child.read();
    if (more !== null && !this.#child.ended) throw this.#different(more, NOTHING);
  }

  #redacted(bytes: Uint8Array): Uint8Array {
    return this.#edits.bytesToCassette(bytes, "stdin");
  }

  #different(got: Uint8Array, wanted: Uint8Array): ExecError {
    const command = show(quote(this.#call.argv));
    const shown = decodeUtf8(this.#redacted(got));
    const recorded = this.#edits.redacts ? decodeUtf8(wanted) : decodeUtf8(this.#redacted(wanted));
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
