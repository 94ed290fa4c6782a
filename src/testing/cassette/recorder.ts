/**
 * The backend that records, and plays what it has.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../backend.ts";
import { checkOneOf } from "../../check.ts";
import { defaultBackend } from "../../default_backend.ts";
import { ExecError } from "../../errors.ts";
import { checkBackend } from "../../seams.ts";
import { Edits } from "./edits.ts";
import { cassettePath, missingCassette, readCassette, writeCassette } from "./file.ts";
import type { CassetteCall } from "./format.ts";
import { checkCassetteOptions, type RecordBackend, type RecordBackendOptions } from "./options.ts";
import { Player } from "./player.ts";
import { PLAYED } from "./replayer.ts";
import { Tape } from "./tape.ts";

/** Runs commands for real and records them, or plays them, as its mode says. */
export class Recorder implements RecordBackend {
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
    checkCassetteOptions(options, ["backend", "mode"]);
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

/** Whether this runs where nobody looks: most CI services say "true", some "1". Without leave to ask, it does not. */
function runsInCi(): boolean {
  try {
    const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
    return !["", "0", "false"].includes(process?.env["CI"] ?? "");
  } catch {
    return false;
  }
}
