/**
 * Plays recorded processes, strictly.
 * @module
 */
import type { Child, SpawnRequest } from "../../backend.ts";
import { systemClock } from "../../clock.ts";
import { quote } from "../../command.ts";
import { ExecError } from "../../errors.ts";
import type { SignalName } from "../../signals.ts";
import { type ChildLog, FakeChild } from "../fake/child.ts";
import { differences, nearestCall } from "./differences.ts";
import { type Edits, identity } from "./edits.ts";
import { type Cassette, type CassetteCall, type Data, decodeData } from "./format.ts";
import { RecordedInput } from "./recorded_input.ts";

/** Nobody asks what a played child was told: the cassette says what it must be. */
const NO_LOG: ChildLog = { received: () => {}, inputEnded: () => {}, signalled: () => {} };

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

  /** The first of the candidates that was recorded. */
  find(candidates: readonly string[]): string | undefined {
    const recorded = new Set(this.#all.map(({ argv }) => this.#edits.fromCassette(argv[0]!)));
    return candidates.find((candidate) => recorded.has(candidate));
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
    const child = new FakeChild(request, systemClock, NO_LOG);
    this.#perform(child, call).catch((error) => child.fail(error));
    return Promise.resolve(child);
  }

  /**
   * The error for a call that was not recorded.
   * @param remedy what to do about it, as a sentence
   */
  unexpected(request: SpawnRequest, remedy = "Record the cassette again if it should be there."): ExecError {
    const call = this.#edits.identify(request);
    const near = nearestCall(call, this.#all);
    const why = near
      ? `The nearest recorded is:\n  ${quote(near.argv)}\n${differences(call, near)}`
      : "The cassette holds no command.\n";
    const message = `Unexpected command:\n  ${quote(call.argv)}\n${why}${remedy}`;
    const details = { argv: call.argv, cwd: call.cwd, nearest: near && quote(near.argv) };
    return new ExecError("unexpected_command", message, { kind: "NOT_FOUND", details });
  }

  async #perform(child: FakeChild, call: CassetteCall): Promise<void> {
    const input = new RecordedInput(child, call, this.#edits);
    const signals = new ExpectedSignals(child, call);
    for (const event of call.events ?? []) {
      if (child.ended) return;
      if ("stdin" in event) await input.expect(event.stdin);
      else if ("stdinEnd" in event) await input.expectEnd();
      else if ("signal" in event) await signals.expect(event.signal);
      else if ("stdout" in event) await this.#write(child, "stdout", event.stdout);
      else await this.#write(child, "stderr", event.stderr);
    }
    // It ran on when the cassette was saved, and does so until something ends it.
    if (call.exit === undefined) return;
    if (call.pipesHeld && !child.ended) child.holdPipes(Infinity);
    child.end("signal" in call.exit ? { code: 0, signal: call.exit.signal } : call.exit);
  }

  async #write(child: FakeChild, name: "stdout" | "stderr", data: Data): Promise<void> {
    const bytes = this.#edits.bytesFromCassette(decodeData(data));
    if (!(await child.write(name, bytes))) child.end({ code: 0, signal: "SIGPIPE" });
  }
}

/** Signals that were recorded: each is waited for in its place, and survived, also when it comes earlier. */
class ExpectedSignals {
  readonly #child: FakeChild;
  /** Those to come. */
  readonly #left: SignalName[];
  readonly #early: SignalName[] = [];
  #onSignal: (() => void) | undefined;

  constructor(child: FakeChild, call: CassetteCall) {
    this.#child = child;
    this.#left = (call.events ?? []).flatMap((event) => "signal" in event ? [event.signal] : []);
    child.onSignal((signal) => this.#take(signal) ? "handles" : "dies");
  }

  async expect(signal: SignalName): Promise<void> {
    while (!take(this.#early, signal) && !this.#child.ended) {
      const came = new Promise<void>((resolve) => this.#onSignal = resolve);
      await Promise.race([came, this.#child.sleep(Infinity)]);
    }
  }

  #take(signal: SignalName): boolean {
    if (!take(this.#left, signal)) return false;
    this.#early.push(signal);
    this.#onSignal?.();
    return true;
  }
}

/** Takes a signal out of a list; false when it is not in it. */
function take(signals: SignalName[], signal: SignalName): boolean {
  const index = signals.indexOf(signal);
  if (index >= 0) signals.splice(index, 1);
  return index >= 0;
}
