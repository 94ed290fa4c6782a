/**
 * The engine: requests to it through dockerode, and what it answers.
 * @module
 */
import type { Readable } from "node:stream";
import { ExecError } from "../../src/errors.ts";
import type { DirectAddress } from "./address.ts";
import { openDockerode } from "./dockerode.ts";
import type {
  AttachConnection,
  ContainerInfo,
  ContainerSummary,
  Dial,
  Dockerode,
  EngineFailure,
  ImageInfo,
  Response,
} from "./engine_api.ts";

/** What an engine answered to a request it did not do. */
export class EngineError extends Error {
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What is found at a path of a container. */
export interface PathStat {
  readonly directory: boolean;
  readonly executable: boolean;
  /** Where it leads when it is a symbolic link. */
  readonly link: string | undefined;
}

const OK = { 200: true, 201: true, 204: true, 304: true };
/** Go's bits of a file's mode. */
const GO_DIRECTORY = 2 ** 31;
const GO_SYMLINK = 2 ** 27;

/** One engine. A request that fails rejects with an EngineError, or with `backend_unavailable`. */
export class Engine {
  readonly address: DirectAddress;
  readonly #docker: Dockerode;

  private constructor(address: DirectAddress, docker: Dockerode) {
    this.address = address;
    this.#docker = docker;
  }

  /**
   * Makes ready to reach the engine; connects to nothing yet.
   * @throws {ExecError} A rejection with `unsupported` where dockerode is not installed
   */
  static async open(address: DirectAddress): Promise<Engine> {
    return new Engine(address, await openDockerode(address));
  }

  async image(name: string): Promise<ImageInfo> {
    const info = await this.#ask<Partial<ImageInfo>>("GET", `/images/${encodeURIComponent(name)}/json`);
    if (typeof info.Id !== "string") throw this.#noEngine("what it says of an image is none");
    return info as ImageInfo;
  }

  /** Fetches an image from its registry. */
  async pull(name: string): Promise<void> {
    // Without a tag dockerode asks for "latest"; a digest is part of the name.
    const stream = await this.#docker.pull(name).catch((error: EngineFailure) => {
      throw this.#failed(error, true);
    });
    await new Promise<void>((resolve, reject) =>
      this.#docker.modem.followProgress(
        stream,
        (error) => error ? reject(new EngineError(404, error.message)) : resolve(),
      )
    );
  }

  async create(name: string, body: object): Promise<string> {
    const { Id } = await this.#ask<{ Id: string }>("POST", "/containers/create", { name }, body);
    return Id;
  }

  async start(id: string): Promise<void> {
    await this.#ask("POST", `/containers/${id}/start`);
  }

  /** Takes over a connection to the container's streams. */
  attach(
    id: string,
    { stdin, stdout, stderr }: Readonly<Record<"stdin" | "stdout" | "stderr", boolean>>,
  ): Promise<AttachConnection> {
    const query = { stream: 1, stdin: Number(stdin), stdout: Number(stdout), stderr: Number(stderr) };
    // A request that is ended goes out at once and whole: what is written later is standard input and nothing else.
    const how = { hijack: true, isStream: true };
    return this.#ask("POST", `/containers/${id}/attach`, query, {}, how);
  }

  /**
   * Asks for the next exit. Resolves once the engine listens for it, so that an exit that comes as soon as the start is
   * told as well; what it tells is in the response.
   */
  listenForExit(id: string): Promise<Response> {
    return this.#ask("POST", `/containers/${id}/wait`, { condition: "next-exit" }, {}, { isStream: true });
  }

  async kill(id: string, signal: string): Promise<void> {
    await this.#ask("POST", `/containers/${id}/kill`, { signal });
  }

  async pause(id: string): Promise<void> {
    await this.#ask("POST", `/containers/${id}/pause`);
  }

  async unpause(id: string): Promise<void> {
    await this.#ask("POST", `/containers/${id}/unpause`);
  }

  inspect(id: string): Promise<ContainerInfo> {
    return this.#ask("GET", `/containers/${id}/json`);
  }

  /** Which paths differ from the image, apart from what is mounted; 1 is "added". */
  async changes(id: string): Promise<readonly { Path: string; Kind: number }[]> {
    return await this.#ask("GET", `/containers/${id}/changes`) ?? [];
  }

  /** Removes a container, also a running one; one that is gone, or that somebody else is removing, is no error. */
  async remove(id: string): Promise<void> {
    try {
      await this.#ask("DELETE", `/containers/${id}`, { force: 1, v: 1 });
    } catch (error) {
      if (!(error instanceof EngineError && (error.status === 404 || error.status === 409))) throw error;
    }
  }

  /** All containers, whatever their state, that have a label. */
  async list(label: string): Promise<readonly ContainerSummary[]> {
    const query = { all: 1, filters: JSON.stringify({ label: [label] }) };
    const list = await this.#ask<readonly ContainerSummary[]>("GET", "/containers/json", query);
    if (!Array.isArray(list)) throw this.#noEngine("its list of containers is none");
    return list;
  }

  /** What is at a path of a container; undefined when nothing is. */
  async stat(id: string, path: string): Promise<PathStat | undefined> {
    let response: Response;
    try {
      response = await this.#ask("HEAD", `/containers/${id}/archive`, { path }, {}, { isStream: true });
    } catch (error) {
      // The engine has 404 for a missing file, and others for a path through what is no directory.
      if (error instanceof EngineError) return undefined;
      throw error;
    }
    response.resume();
    const header = String(response.headers["x-docker-container-path-stat"] ?? "");
    const { mode, linkTarget } = JSON.parse(atob(header)) as { mode: number; linkTarget: string };
    const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
    return {
      directory: has(GO_DIRECTORY),
      executable: (mode & 0o111) !== 0,
      link: has(GO_SYMLINK) ? linkTarget : undefined,
    };
  }

  #ask<T>(
    method: Dial["method"],
    path: string,
    query?: object,
    body: object = {},
    how: Partial<Dial> = {},
  ): Promise<T> {
    // docker-modem looks for the question mark, and sends an empty body as none.
    const options = { _query: query ?? {}, _body: body };
    const dial: Dial = {
      method,
      path: query ? `${path}?` : path,
      ...(query || method === "POST" ? { options } : {}),
      statusCodes: OK,
      ...how,
    };
    return new Promise((resolve, reject) =>
      this.#docker.modem.dial(dial, (error, answer) => {
        if (error) reject(this.#failed(error, how.isStream === true));
        else resolve(answer as T);
      })
    );
  }

  #failed(error: EngineFailure, streamed: boolean): Error {
    const { statusCode, json } = error;
    if (statusCode === undefined) return this.unreachable(error);
    const told = (json as { message?: unknown } | null | undefined)?.message;
    if (typeof told === "string") return new EngineError(statusCode, told);
    const text = error.message.replace(/^\(HTTP code \d+\) \w+ - /, "").trim();
    // Of an answer that was to be a stream dockerode gives the text alone.
    if (streamed) return new EngineError(statusCode, text);
    return this.#noEngine(`HTTP ${statusCode}${text && `: ${text.slice(0, 200)}`}`, error);
  }

  /** The error of something else that answers where an engine should be: a proxy, or another server. */
  #noEngine(why: string, cause?: unknown): ExecError {
    const { shown } = this.address;
    const message = `What answers at ${shown} is not a Docker engine (${why}): ` +
      `name the right address in "host" or DOCKER_HOST.`;
    return new ExecError("backend_unavailable", message, { cause, details: { host: shown } });
  }

  /** The error of an engine that does not answer. */
  unreachable(cause: unknown): ExecError {
    const { shown } = this.address;
    const why = cause instanceof Error ? cause.message.trim() : String(cause);
    const message = `The Docker engine at ${shown} can't be reached: ${why}. ` +
      `Start it, or name another one in "host" or DOCKER_HOST.`;
    return new ExecError("backend_unavailable", message, { cause, details: { host: shown } });
  }
}

/** Reads a response to its end, as JSON. */
export async function readJson(response: Readable): Promise<unknown> {
  let text = "";
  response.setEncoding("utf8");
  for await (const part of response) text += part as string;
  return JSON.parse(text);
}
