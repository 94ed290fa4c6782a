/**
 * Starts commands in containers: create, look, attach, listen, start, in this order.
 * @module
 */
import type { Child, SpawnRequest } from "../../src/backend.ts";
import type { DockerConfig } from "../../src/docker_fields.ts";
import { ExecError } from "../../src/errors.ts";
import type { Address } from "./address.ts";
import { checkAbsolute, createBody, mountPoints, searchPath } from "./create_body.ts";
import { DockerChild } from "./docker_child.ts";
import { Engine, EngineError } from "./engine.ts";
import type { AttachConnection, ImageInfo, Response } from "./engine_api.ts";
import { imageNotFound, refusal } from "./engine_refusals.ts";
import { addLive, deleteLive, type LiveContainer } from "./live_containers.ts";
import { canBeSeen, checkCwd, checkExecutable, type Place, statThrough } from "./look_up.ts";
import { labelsOf } from "./owner.ts";
import type { Forward } from "./ssh_forward.ts";
import { sweep, sweepFirst } from "./sweep.ts";

/** Times, in ms, between attempts to remove a container that the engine is busy with. */
const RETRIES = [20, 100, 500];
/** Asks for nothing but a container to look into. */
const LOOK_ONLY: SpawnRequest = {
  argv: ["/"],
  env: {},
  inheritEnv: true,
  stdin: "null",
  stdout: "null",
  stderr: "null",
  mergeStderr: false,
  group: true,
};

/** All that is started with one configuration. */
export class DockerStarter {
  readonly address: Address;
  readonly #config: DockerConfig;
  readonly #known = new Set<string>();
  readonly #shells = new Map<string, string | undefined>();
  readonly #cleaning = new Set<Promise<void>>();
  #engine: Promise<Engine> | undefined;
  #forward: Forward | undefined;

  constructor(config: DockerConfig, address: Address) {
    this.#config = config;
    this.address = address;
  }

  async spawn(request: SpawnRequest): Promise<Child> {
    checkAbsolute(request.cwd);
    const engine = await this.#open();
    const [image] = await Promise.all([this.#image(engine, request), sweepFirst(engine)]);
    const { id, container } = await this.#create(engine, request, image);
    let connection: AttachConnection | undefined;
    let exit: Response | undefined;
    try {
      const place = { engine, id, imageId: image.Id, mounts: mountPoints(this.#config) };
      const looked = this.#look(place, request, image);
      const attached = this.#attach(engine, id, request);
      const listening = engine.listenForExit(id);
      // All of them settle before anything is undone.
      await Promise.allSettled([looked, attached, listening]);
      [connection, exit] = [await attached.catch(() => undefined), await listening.catch(() => undefined)];
      await looked;
      await attached;
      await listening;
      await engine.start(id);
    } catch (error) {
      connection?.destroy();
      exit?.destroy();
      await this.#cleanUp(engine, id, container, true);
      throw refusal(error, request, this.#config);
    }
    const { memoryLimit: memory = 0, pidsLimit: pids = 0 } = this.#config;
    const cleanUp = () => this.#cleanUp(engine, id, container, !container.keep);
    return new DockerChild({
      engine,
      id,
      request,
      connection,
      exit: exit!,
      limits: { memory, pids },
      cleanUp,
    });
  }

  /** The first of the executables that is in the image; its container is never started. */
  async findExecutable(candidates: readonly string[]): Promise<string | undefined> {
    const engine = await this.#open();
    const image = await this.#image(engine, LOOK_ONLY);
    const key = [image.Id, ...candidates].join("\0");
    if (this.#shells.has(key)) return this.#shells.get(key);
    const { id, container } = await this.#create(engine, LOOK_ONLY, image);
    try {
      const place = { engine, id, imageId: image.Id, mounts: mountPoints(this.#config) };
      let found: string | undefined;
      for (const candidate of candidates) {
        if (!(await this.#isThere(place, candidate, image))) continue;
        found = candidate;
        break;
      }
      // The start of whichever is taken will say why.
      if (found === undefined && !(await canBeSeen(place))) return candidates[0];
      this.#shells.set(key, found);
      return found;
    } finally {
      await this.#cleanUp(engine, id, container, true);
    }
  }

  async sweep(): Promise<number> {
    const engine = await this.#open();
    try {
      return await sweep(engine, true);
    } catch (error) {
      throw error instanceof EngineError
        ? new ExecError("internal", `The engine does not sweep: ${error.message}.`, { cause: error })
        : error;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#cleaning);
    this.#forward?.close();
  }

  async #open(): Promise<Engine> {
    this.#engine ??= this.#connect();
    try {
      return await this.#engine;
    } catch (error) {
      this.#engine = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Engine> {
    const { address } = this;
    if (address.kind !== "ssh") return await Engine.open(address);
    const forwarded = await (await import("./ssh_forward.ts")).forward(address);
    this.#forward = forwarded;
    // Whoever comes after its end gets a new one.
    void forwarded.closed.then(() => this.#engine = undefined);
    return await Engine.open(forwarded.address);
  }

  async #image(engine: Engine, request: SpawnRequest): Promise<ImageInfo> {
    const { image, pull } = this.#config;
    try {
      return await engine.image(image);
    } catch (error) {
      if (!(error instanceof EngineError && error.status === 404)) {
        throw refusal(error, request, this.#config);
      }
      if (pull !== "missing") throw imageNotFound(image, error);
    }
    try {
      await engine.pull(image);
      return await engine.image(image);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const message = `The engine can't fetch image ${JSON.stringify(image)}: ${error.message}.`;
      throw new ExecError("image_not_found", message, { cause: error, details: { image } });
    }
  }

  async #create(
    engine: Engine,
    request: SpawnRequest,
    image: ImageInfo,
  ): Promise<{ readonly id: string; readonly container: LiveContainer }> {
    const name = `polyspawn-${crypto.randomUUID()}`;
    const container = { name, address: engine.address, keep: this.#config.autoRemove === false };
    await addLive(container, request.handleSignals ?? true);
    try {
      const body = createBody(this.#config, request, image, labelsOf(name, container.keep));
      return { id: await engine.create(name, body), container };
    } catch (error) {
      // It may have been created all the same, if the answer did not come.
      if (!(error instanceof EngineError)) await engine.remove(name).catch(() => {});
      await deleteLive(container);
      throw refusal(error, request, this.#config);
    }
  }

  async #look(place: Place, request: SpawnRequest, image: ImageInfo): Promise<void> {
    const cwd = request.cwd ?? (image.Config?.WorkingDir || "/");
    const where = { cwd, searchPath: searchPath(request, image) };
    const executable = checkExecutable(place, request.argv, where, this.#known);
    executable.catch(() => {});
    // Of two faults this one is told.
    await checkCwd(place, request.cwd);
    await executable;
  }

  async #attach(
    engine: Engine,
    id: string,
    { stdin, stdout, stderr }: SpawnRequest,
  ): Promise<AttachConnection | undefined> {
    const streams = { stdin: stdin === "pipe", stdout: stdout === "pipe", stderr: stderr === "pipe" };
    return streams.stdin || streams.stdout || streams.stderr ? await engine.attach(id, streams) : undefined;
  }

  async #isThere(place: Place, candidate: string, image: ImageInfo): Promise<boolean> {
    const directories = candidate.includes("/") ? [""] : searchPath(LOOK_ONLY, image).split(":");
    for (const directory of directories) {
      const path = directory === "" ? candidate : `${directory}/${candidate}`;
      const found = await statThrough(place.engine, place.id, path);
      if (found && !found.directory && found.executable) return true;
    }
    return false;
  }

  #cleanUp(engine: Engine, id: string, container: LiveContainer, remove: boolean): Promise<void> {
    const cleaning = (async () => {
      // What can't be removed stays counted: the end of the host, or a sweep, tries again.
      if (remove && !(await removed(engine, id))) return;
      await deleteLive(container);
    })();
    this.#cleaning.add(cleaning);
    return cleaning.finally(() => this.#cleaning.delete(cleaning));
  }
}

async function removed(engine: Engine, id: string): Promise<boolean> {
  for (const pause of [...RETRIES, undefined]) {
    try {
      await engine.remove(id);
      return true;
    } catch {
      if (pause === undefined) return false;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return false;
}
