/**
 * What is used of Deno, by structure: so every tool can check this file, and `deno check` holds it against the real thing.
 * @module
 */

/** One running `Deno.Command`. */
export interface DenoChild {
  readonly pid: number;
  readonly status: Promise<{ code: number; signal: string | null }>;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  kill(signal: string): void;
  unref(): void;
}

/** The options of `Deno.Command` that are used. */
export interface DenoCommandOptions {
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  clearEnv?: boolean;
  stdin: DenoStdio;
  stdout: DenoStdio;
  stderr: DenoStdio;
  detached?: boolean;
  windowsRawArguments?: boolean;
}

/** What a descriptor can be connected to. */
export type DenoStdio = "piped" | "null" | "inherit";

/** The part of the Deno namespace that is used. */
export interface DenoApi {
  Command: new (executable: string, options: DenoCommandOptions) => {
    spawn(): DenoChild;
    outputSync(): { readonly success: boolean };
  };
  kill(pid: number, signal: number | string): void;
  readonly pid: number;
  cwd(): string;
  exit(code: number): never;
  unrefTimer(id: number): void;
  addSignalListener(signal: string, listener: () => void): void;
  removeSignalListener(signal: string, listener: () => void): void;
  readonly build: { readonly os: string };
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  readonly permissions: {
    querySync(
      descriptor:
        | { name: "run"; command?: string }
        | { name: "read"; path?: string }
        | { name: "env"; variable?: string },
    ): { state: string };
  };
  stat(path: string): Promise<{ isDirectory: boolean; isFile: boolean; mode: number | null }>;
  readDirSync(path: string): Iterable<{ name: string }>;
  readTextFileSync(path: string): string;
}

/** The Deno namespace, where this runs on Deno. */
export function denoApi(): DenoApi | undefined {
  return (globalThis as { Deno?: DenoApi }).Deno;
}

/** The host's variables; none where they may not be read. */
export function readableVariables(deno: DenoApi): Record<string, string> {
  return deno.permissions.querySync({ name: "env" }).state === "granted" ? deno.env.toObject() : {};
}
