/**
 * What a fake saw of one command.
 * @module
 */
import type { Child, SpawnRequest } from "../../backend.ts";
import { joinBytes } from "../bytes.ts";
import { quote } from "../../command.ts";
import { type Deferred, deferred } from "../../deferred.ts";
import type { SignalName } from "../../signals.ts";
import { decodeUtf8 } from "../../utf8.ts";
import type { ChildLog, FakeChild } from "./child.ts";

/** One command a fake was asked to run. */
export interface FakeCall {
  /** The executable and its arguments. */
  readonly argv: readonly string[];
  /** The same as `quote` writes it. */
  readonly command: string;
  /** The working directory, as it was given; of a `file:` URL the path; `undefined` where none was given. */
  readonly cwd: string | undefined;
  /** The environment variables that were set, by the executor or the call; `undefined` where one was removed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the host's environment would have been inherited. */
  readonly inheritEnv: boolean;
  /** What was written to its standard input so far, as text. */
  readonly stdin: string;
  /** The signals that reached it, or what it left in its group, so far, in order. */
  readonly signals: readonly SignalName[];
  /** Waits for the end of standard input, or of the process, then gives all of it as text. */
  stdinText(): Promise<string>;
  /** Waits for the end of standard input, or of the process, then gives all of it. */
  stdinBytes(): Promise<Uint8Array>;
}

/** A {@linkcode FakeCall}, which becomes one of a child once that is started. */
export class RecordedCall implements FakeCall, ChildLog {
  readonly #request: SpawnRequest;
  readonly #received: Uint8Array[] = [];
  readonly #signals: SignalName[] = [];
  #inputIsOver = false;
  #onInputOver: Deferred<void> | undefined;
  #child: FakeChild | undefined;
  #draining = false;
  #used = false;

  constructor(request: SpawnRequest) {
    this.#request = request;
  }

  get argv(): readonly string[] {
    return this.#request.argv;
  }

  get command(): string {
    return quote(this.#request.argv);
  }

  get cwd(): string | undefined {
    return this.#request.cwd;
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return this.#request.env;
  }

  get inheritEnv(): boolean {
    return this.#request.inheritEnv;
  }

  get stdin(): string {
    return decodeUtf8(joinBytes(this.#received));
  }

  get signals(): readonly SignalName[] {
    return [...this.#signals];
  }

  async stdinText(): Promise<string> {
    return decodeUtf8(await this.stdinBytes());
  }

  async stdinBytes(): Promise<Uint8Array> {
    this.drain();
    await this.inputOver();
    return joinBytes(this.#received);
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
    return (this.#onInputOver ??= deferred()).promise;
  }

  received(bytes: Uint8Array): void {
    this.#received.push(bytes);
  }

  inputEnded(): void {
    this.#inputIsOver = true;
    this.#onInputOver?.resolve();
  }

  signalled(signal: SignalName): void {
    this.#signals.push(signal);
  }
}
