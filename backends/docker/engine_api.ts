/**
 * What is used of dockerode, by structure: its own types are no part of this package.
 * @module
 */
import type { Duplex, Readable } from "node:stream";

/** One request to the engine, as docker-modem takes it. */
export interface Dial {
  readonly path: string;
  readonly method: "GET" | "POST" | "DELETE" | "HEAD";
  readonly statusCodes: Readonly<Record<number, boolean | string>>;
  readonly options?: { readonly _query: object; readonly _body: object };
  readonly isStream?: boolean;
  readonly hijack?: boolean;
}

/** The part of a response's message that is used. */
export interface Response extends Readable {
  readonly statusCode?: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket?: { unref?(): void } | null;
}

/** The part of dockerode that is used. */
export interface Dockerode {
  readonly modem: {
    dial(dial: Dial, callback: (error: EngineFailure | null, answer: unknown) => void): void;
    followProgress(stream: Readable, done: (error: Error | null) => void): void;
  };
  pull(image: string): Promise<Readable>;
}

/** What docker-modem calls back with when a request fails; without a status code the engine was not reached. */
export interface EngineFailure extends Error {
  readonly statusCode?: number;
  readonly json?: unknown;
}

/** A connection taken over by an attach: frames come out of it, and standard input goes in. */
export type AttachConnection = Duplex & { unref?(): void };

/** What `GET /images/{name}/json` tells that is used. */
export interface ImageInfo {
  readonly Id: string;
  readonly Config?: { readonly Env?: readonly string[] | null; readonly WorkingDir?: string } | null;
}

/** What `GET /containers/{id}/json` tells that is used. */
export interface ContainerInfo {
  readonly State: {
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
  };
}

/** What `GET /containers/json` tells of each container that is used. */
export interface ContainerSummary {
  readonly Id: string;
  readonly State?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}
