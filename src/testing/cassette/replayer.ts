/**
 * The backend that plays a cassette.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../backend.ts";
import { Edits } from "./edits.ts";
import { cassettePath, missingCassette, readCassette } from "./file.ts";
import { checkCassetteOptions, type ReplayBackend, type ReplayBackendOptions } from "./options.ts";
import { Player } from "./player.ts";

/** What a played process can do: all of it, because it does only what was recorded. */
export const PLAYED: Backend["capabilities"] = {
  processGroups: true,
  mergedOutput: true,
  killOnHostExit: true,
  realProcesses: false,
};

/** Plays a cassette and nothing else. */
export class Replayer implements ReplayBackend {
  readonly name = "replay";
  readonly capabilities = PLAYED;
  readonly #path: string;
  readonly #edits: Edits;
  #loading: Promise<Player> | undefined;
  #player: Player | undefined;

  constructor(options: ReplayBackendOptions) {
    checkCassetteOptions(options);
    this.#path = cassettePath(options.cassette);
    this.#edits = new Edits(options);
  }

  async spawn(request: SpawnRequest): Promise<Child> {
    const player = await this.#load();
    return await (player.play(request) ?? Promise.reject(player.unexpected(request)));
  }

  /** The shell that was recorded, whatever this machine has. */
  async findExecutable(candidates: readonly string[]): Promise<string | undefined> {
    return (await this.#load()).find(candidates) ?? candidates[0];
  }

  unused(): string[] {
    return this.#player?.unused() ?? [];
  }

  #load(): Promise<Player> {
    return this.#loading ??= this.#read();
  }

  async #read(): Promise<Player> {
    const cassette = await readCassette(this.#path);
    if (!cassette) throw missingCassette(this.#path);
    return this.#player = new Player(cassette, this.#edits);
  }
}
