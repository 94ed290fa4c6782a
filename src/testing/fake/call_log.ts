/**
 * What a fake notes about one command while it is played.
 * @module
 */
import type { Child, SpawnRequest } from "../../backend.ts";
import { Deferred } from "../../deferred.ts";
import type { SignalName } from "../../signals.ts";
import { Utf8Decoder } from "../../utf8.ts";
import { joinBytes } from "../bytes.ts";
import { SeenCall } from "./call.ts";
import type { ChildLog, FakeChild } from "./child.ts";

/** Notes what one call does, and reads its standard input for whoever asks for all of it. */
export class CallLog implements ChildLog {
  /** What a test sees of it. */
  readonly seen: SeenCall;
  readonly #received: Uint8Array[] = [];
  readonly #decoder = new Utf8Decoder();
  #inputIsOver = false;
  #onInputOver: Deferred<void> | undefined;
  #child: FakeChild | undefined;
  #draining = false;
  #used = false;

  constructor(request: SpawnRequest) {
    this.seen = new SeenCall(request, () => this.#allInput());
  }

  /** Whether anything was written to its standard input, or its end was sent. */
  get fed(): boolean {
    return this.#received.length > 0 || this.#inputIsOver;
  }

  /** Whether its script has asked for standard input. */
  get used(): boolean {
    return this.#used;
  }

  /** Whether its standard input is read to the end. */
  get draining(): boolean {
    return this.#draining;
  }

  /** The child plays this call. */
  startedAs(child: FakeChild): void {
    this.#child = child;
  }

  /** Another backend's child plays it: the same child, with an ear to it. */
  listen(child: Child): Child {
    const { pid, stdin, stdout, stderr, exit } = child;
    const over = () => this.inputEnded();
    exit.then(over, over);
    if (!stdin) over();
    const close = () => {
      over();
      return stdin!.close();
    };
    const write = (bytes: Uint8Array) => {
      this.received(new Uint8Array(bytes));
      return stdin!.write(bytes);
    };
    return {
      ...(pid !== undefined && { pid }),
      ...(stdin && { stdin: { write, close } }),
      ...(stdout && { stdout }),
      ...(stderr && { stderr }),
      exit,
      kill: (signal, target) => {
        this.signalled(signal);
        return child.kill(signal, target);
      },
      groupGone: () => child.groupGone(),
      unref: () => child.unref?.(),
    };
  }

  /** Its script reads standard input by itself. */
  use(): void {
    this.#used = true;
  }

  /** Reads standard input to its end, unless the script does so by itself. */
  drain(): void {
    const child = this.#child;
    if (!child || this.#draining || this.#used) return;
    this.#draining = true;
    const readOn = async () => {
      while (await child.read() !== null);
    };
    void readOn();
  }

  /** Waits for the end of standard input. */
  inputOver(): Promise<void> {
    if (this.#inputIsOver) return Promise.resolve();
    return (this.#onInputOver ??= new Deferred()).promise;
  }

  received(bytes: Uint8Array): void {
    this.#received.push(bytes);
    this.seen.stdin += this.#decoder.push(bytes);
  }

  inputEnded(): void {
    if (!this.#inputIsOver) this.seen.stdin += this.#decoder.end();
    this.#inputIsOver = true;
    this.#onInputOver?.resolve();
  }

  signalled(signal: SignalName): void {
    this.seen.signals = [...this.seen.signals, signal];
  }

  async #allInput(): Promise<Uint8Array> {
    this.drain();
    await this.inputOver();
    return joinBytes(this.#received);
  }
}
