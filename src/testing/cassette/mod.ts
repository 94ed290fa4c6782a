/**
 * Records what real commands did, and plays it without any process.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../backend.ts";
import { checkKeys, checkOneOf, invalidOption, show } from "../../check.ts";
import { defaultBackend } from "../../default_backend.ts";
import { ExecError } from "../../errors.ts";
import { checkBackend } from "../check_backend.ts";
import { type CassetteEdits, Edits, type RedactSource } from "./edits.ts";
import { cassettePath, missingCassette, readCassette, writeCassette } from "./file.ts";
import type { CassetteCall } from "./format.ts";
import { Player } from "./player.ts";
import { Tape } from "./tape.ts";

/** How a cassette is played. */
export interface ReplayBackendOptions extends CassetteEdits {
  /** The file of the cassette. */
  cassette: string | URL;
}

/** How a cassette is recorded. */
export interface RecordBackendOptions extends ReplayBackendOptions {
  /** What runs the commands (default: the runtime's own backend). */
  backend?: Backend;
  /**
   * `"record"` runs every command (the default); `"replay"` runs none; `"auto"` plays what the cassette has and records
   * what is missing, which is an error where the environment has `CI=true`.
   */
  mode?: "record" | "replay" | "auto";
}

/** A backend that records; see {@linkcode recordBackend}. */
export interface RecordBackend extends Backend {
  /**
   * Writes the cassette, in place of the old one; the only time it is written.
   * @throws {ExecError} A rejection with `invalid_cassette` when it can't be written
   */
  save(): Promise<void>;
}

/** A backend that plays a cassette; see {@linkcode replayBackend}. */
export interface ReplayBackend extends Backend {
  /** The recorded commands nobody has asked for. */
  unused(): string[];
}

const REPLAY_OPTIONS = ["cassette", "redact", "root"] as const;

/**
 * Makes a backend that runs commands for real and records them.
 * @param options the file, what runs the commands, and what the cassette must not show
 * @throws {ExecError} `invalid_option`
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { recordBackend, replayBackend } from "@polyspawn/polyspawn/testing";
 *
 * const cassette = "hello.cassette.json";
 * const recorder = recordBackend({ cassette });
 * await createExecutor({ backend: recorder }).output("echo hello");
 * await recorder.save();
 *
 * const player = replayBackend({ cassette });
 * console.log((await createExecutor({ backend: player }).output("echo hello")).stdoutText());
 * ```
 */
export function recordBackend(options: RecordBackendOptions): RecordBackend {
  return new Recorder(options);
}

/**
 * Makes a backend that plays a cassette, with no process at all. It is strict: a command that was not recorded, or
 * other standard input than was recorded, rejects. Each recorded command is played once, in the order recorded.
 * @param options the file, and what was changed when it was recorded
 * @throws {ExecError} `invalid_option`; the first command rejects with `invalid_cassette` when the file is missing or
 * broken
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { replayBackend } from "@polyspawn/polyspawn/testing";
 *
 * const player = replayBackend({ cassette: "missing.cassette.json" });
 * const error = await createExecutor({ backend: player }).output("echo hello").catch((error) => error);
 * console.log(error.reason); // invalid_cassette
 * ```
 */
export function replayBackend(options: ReplayBackendOptions): ReplayBackend {
  checkIsObject(options);
  checkKeys(options, REPLAY_OPTIONS);
  return new Replayer(options);
}

/** What a played process can do: all of it, because it does only what was recorded. */
const PLAYED: Backend["capabilities"] = {
  processGroups: true,
  mergedOutput: true,
  killOnHostExit: true,
  realProcesses: false,
};

class Replayer implements ReplayBackend {
  readonly name = "replay";
  readonly capabilities = PLAYED;
  readonly #path: string;
  readonly #edits: Edits;
  #loading: Promise<Player> | undefined;
  #player: Player | undefined;

  constructor(options: ReplayBackendOptions) {
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

class Recorder implements RecordBackend {
  readonly name = "record";
  readonly shells?: NonNullable<Backend["shells"]>;
  readonly remedies?: NonNullable<Backend["remedies"]>;
  readonly #path: string;
  readonly #edits: Edits;
  readonly #mode: "record" | "replay" | "auto";
  readonly #tapes: Tape[] = [];
  #backend: Backend | undefined;
  #loading: Promise<Loaded> | undefined;

  constructor(options: RecordBackendOptions) {
    checkIsObject(options);
    checkKeys(options, [...REPLAY_OPTIONS, "backend", "mode"]);
    this.#path = cassettePath(options.cassette);
    this.#edits = new Edits(options);
    const backend = this.#backend = checkBackend("backend", options.backend);
    if (backend?.shells) this.shells = backend.shells;
    if (backend?.remedies) this.remedies = backend.remedies;
    this.#mode = checkOneOf("mode", options.mode, ["record", "replay", "auto"], "record");
  }

  get capabilities(): Backend["capabilities"] {
    if (this.#mode === "replay") return PLAYED;
    return this.#backend?.capabilities ?? { ...PLAYED, realProcesses: true };
  }

  async spawn(request: SpawnRequest): Promise<Child> {
    if (this.#mode !== "record") {
      const { player, isMissing } = await this.#load();
      const played = player.play(request);
      if (played) return await played;
      if (this.#mode === "replay") throw player.unexpected(request);
      if (runsInCi()) throw isMissing ? missingCassette(this.#path) : player.unexpected(request, NOT_IN_CI);
    }
    const tape = new Tape(request);
    this.#tapes.push(tape);
    try {
      return tape.listen(await this.#run(request));
    } catch (error) {
      tape.failed(error);
      throw error;
    }
  }

  async findExecutable(candidates: readonly string[]): Promise<string | undefined> {
    if (this.#mode !== "record") {
      const { player } = await this.#load();
      const recorded = player.find(candidates);
      if (recorded !== undefined || this.#mode === "replay" || runsInCi()) return recorded ?? candidates[0];
    }
    const inner = await this.#inner();
    return inner.findExecutable ? await inner.findExecutable(candidates) : candidates[0];
  }

  async save(): Promise<void> {
    const kept = this.#mode === "record" ? [] : (await this.#load()).kept;
    const recorded = this.#tapes.map((tape) => tape.toCall(this.#edits)).filter((call) => call !== undefined);
    // Where everything was played there is nothing new to write, and maybe no leave to write it.
    if (recorded.length === 0 && this.#mode !== "record") return;
    await writeCassette(this.#path, { calls: [...kept, ...recorded] });
  }

  // What the runtime's own backend can do is known only once it is loaded, by the first command.
  async #run(request: SpawnRequest): Promise<Child> {
    const inner = await this.#inner();
    const { mergedOutput, processGroups } = inner.capabilities;
    if (request.mergeStderr && !mergedOutput) {
      const remedy = inner.remedies?.mergedOutput ?? "leave it out, or use another backend";
      throw new ExecError("unsupported", `Backend "${inner.name}" can't do mergeStderr: ${remedy}.`);
    }
    return await inner.spawn({ ...request, group: request.group && processGroups });
  }

  async #inner(): Promise<Backend> {
    return this.#backend ??= await defaultBackend();
  }

  #load(): Promise<Loaded> {
    return this.#loading ??= this.#read();
  }

  async #read(): Promise<Loaded> {
    const cassette = await readCassette(this.#path);
    if (!cassette && this.#mode === "replay") throw missingCassette(this.#path);
    const kept = cassette?.calls ?? [];
    return { kept, player: new Player({ calls: kept }, this.#edits), isMissing: !cassette };
  }
}

/** What a recorder that also plays has read. */
interface Loaded {
  /** The calls the cassette had before. */
  readonly kept: readonly CassetteCall[];
  readonly player: Player;
  readonly isMissing: boolean;
}

const NOT_IN_CI =
  `With CI=true nothing is recorded: record it where you write the test, and commit the cassette.`;

/** Whether this runs where nobody looks: the same word every CI service sets. Without leave to ask, it does not. */
function runsInCi(): boolean {
  try {
    const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
    return process?.env["CI"] === "true";
  } catch {
    return false;
  }
}

function checkIsObject(options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw invalidOption("cassette", `is required: give { cassette: "path" }, got ${show(options)}.`);
}

export type { RedactSource };
