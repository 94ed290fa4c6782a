/**
 * Plays recorded processes, strictly.
 * @module
 */
import type { Child, SpawnRequest } from "../../backend.ts";
import { show } from "../../check.ts";
import { systemClock } from "../../clock.ts";
import { quote } from "../../command.ts";
import { ExecError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import { decodeUtf8 } from "../../utf8.ts";
import { FakeProcess } from "../fake/process.ts";
import { type Edits, identity } from "./edits.ts";
import { type Cassette, type CassetteCall, type Data, decodeData, sameBytes } from "./format.ts";

/** The calls of a cassette that were not played yet. */
export class Player {
  readonly #left: CassetteCall[];
  readonly #all: readonly CassetteCall[];
  readonly #edits: Edits;

  constructor(cassette: Cassette, edits: Edits) {
    this.#all = cassette.calls;
    this.#left = [...cassette.calls];
    this.#edits = edits;
  }

  /** The commands nobody asked for. */
  unused(): string[] {
    return this.#left.map(({ argv }) => quote(argv));
  }

  /** The executables that were recorded. */
  get executables(): readonly string[] {
    return this.#all.map(({ argv }) => this.#edits.fromCassette(argv[0]!));
  }

  /** Plays the first recorded call that is the same; `undefined` when none is left. */
  play(request: SpawnRequest): Promise<Child> | undefined {
    const wanted = identity(this.#edits.identify(request));
    const index = this.#left.findIndex((call) => identity(call) === wanted);
    if (index < 0) return undefined;
    const [call] = this.#left.splice(index, 1) as [CassetteCall];
    if (call.error) {
      const { kind, reason, message } = call.error;
      return Promise.reject(new ExecError(reason, this.#edits.fromCassette(message), { kind }));
    }
    const process = new FakeProcess(request, systemClock);
    this.#perform(process, call).catch((error) => process.fail(error));
    return Promise.resolve(process);
  }

  /** The error for a call that was not recorded. */
  unexpected(request: SpawnRequest): ExecError {
    const call = this.#edits.identify(request);
    const command = quote(call.argv);
    const recorded = this.#all.map(({ argv }) => quote(argv));
    const near = recorded.includes(command) ? command : nearest(command, recorded) ?? recorded[0];
    const why = near === command
      ? `it was recorded, but with another cwd or environment, or fewer times`
      : `the nearest recorded is ${near === undefined ? "none" : show(near)}`;
    const message = `Unexpected command ${
      show(command)
    }: ${why}. Record the cassette again if it should be there.`;
    return new ExecError("unexpected_command", message, {
      kind: "NOT_FOUND",
      details: { argv: call.argv, cwd: call.cwd, nearest: near },
    });
  }

  async #perform(process: FakeProcess, call: CassetteCall): Promise<void> {
    const input = new RecordedInput(process, call, this.#edits);
    for (const event of call.events ?? []) {
      if (process.ended) return;
      if ("stdin" in event) await input.expect(event.stdin);
      else if ("stdinEnd" in event) await input.expectEnd();
      else if ("signal" in event) await process.survive(event.signal);
      else if ("stdout" in event) await process.write("stdout", this.#bytes(event.stdout));
      else await process.write("stderr", this.#bytes(event.stderr));
    }
    if (call.exit === undefined) return;
    if (call.pipesHeld && !process.ended) process.holdPipes(Infinity);
    process.end("signal" in call.exit ? { code: 0, signal: call.exit.signal } : call.exit);
  }

  #bytes(data: Data): Uint8Array {
    return decodeData(data, (text) => this.#edits.fromCassette(text));
  }
}

/** Compares what is written to a played process with what was recorded. */
class RecordedInput {
  readonly #process: FakeProcess;
  readonly #call: CassetteCall;
  readonly #edits: Edits;
  #pending: Uint8Array = new Uint8Array(0);

  constructor(process: FakeProcess, call: CassetteCall, edits: Edits) {
    this.#process = process;
    this.#call = call;
    this.#edits = edits;
  }

  async expect(data: Data): Promise<void> {
    const wanted = decodeData(data, (text) => this.#edits.redacts ? text : this.#edits.fromCassette(text));
    let got = this.#pending;
    // A redacted text may be shorter or longer than what was written: it is compared as a whole, in its redacted form.
    while (this.#edits.redacts ? !sameBytes(this.#redacted(got), wanted) : got.length < wanted.length) {
      const chunk = await this.#process.read();
      if (this.#process.ended) return;
      if (chunk === null) throw this.#different(got, wanted);
      got = join(got, chunk);
    }
    const taken = this.#edits.redacts ? got : got.subarray(0, wanted.length);
    this.#pending = got.subarray(taken.length);
    if (!this.#edits.redacts && !sameBytes(taken, wanted)) throw this.#different(taken, wanted);
  }

  async expectEnd(): Promise<void> {
    const more = this.#pending.length > 0 ? this.#pending : await this.#process.read();
    if (more !== null && !this.#process.ended) throw this.#different(more, new Uint8Array(0));
  }

  #redacted(bytes: Uint8Array): Uint8Array {
    return new TextEncoder().encode(this.#edits.toCassette(decodeUtf8(bytes), "stdin"));
  }

  #different(got: Uint8Array, wanted: Uint8Array): ExecError {
    const text = (bytes: Uint8Array) => show(this.#edits.toCassette(decodeUtf8(bytes), "stdin"));
    const command = show(quote(this.#call.argv));
    const message =
      `Standard input of ${command} differs from the recorded one: expected ${text(wanted)}, got ${
        text(got)
      }. ` +
      `Record the cassette again if it should.`;
    return new ExecError("unexpected_stdin", message, {
      kind: "NOT_FOUND",
      details: { argv: this.#call.argv },
    });
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
