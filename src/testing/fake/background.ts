/**
 * Plays what a faked process left behind.
 * @module
 */
import { checkMs } from "../../check.ts";
import type { FakeChild } from "./child.ts";
import type { FakeBackground } from "./process.ts";
import { toBytes } from "./values.ts";

/** Thrown to leave the function of a process that has ended. */
export const ENDED: Error = new Error("The faked process has ended: nothing more of it is played.");

/** Whether something was thrown only because the process has ended. */
export function isEnd(error: unknown): boolean {
  return error === ENDED;
}

/** What something left behind is played with. */
export class Background implements FakeBackground {
  readonly #child: FakeChild;
  readonly #killed: Promise<void>;
  #over = false;

  constructor(child: FakeChild, killed: Promise<void>) {
    this.#child = child;
    this.#killed = killed;
    void killed.then(() => this.#over = true);
  }

  async stdout(data: string | Uint8Array): Promise<void> {
    await this.#write("stdout", data);
  }

  async stderr(data: string | Uint8Array): Promise<void> {
    await this.#write("stderr", data);
  }

  async delay(ms: number): Promise<void> {
    this.#act();
    await this.#child.wait(checkMs("delay", ms, 0, true), this.#killed);
    this.#act();
  }

  async #write(name: "stdout" | "stderr", data: string | Uint8Array): Promise<void> {
    this.#act();
    const taken = await Promise.race([this.#child.write(name, toBytes(name, data)), this.#killed]);
    if (taken === false) this.#over = true;
    this.#act();
  }

  #act(): void {
    if (this.#over) throw ENDED;
  }
}
