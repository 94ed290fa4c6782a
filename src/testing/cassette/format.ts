/**
 * What a cassette holds: JSON that people read in review.
 * @module
 */
import { show } from "../../check.ts";
import { ExecError, type ExecErrorKind } from "../../errors.ts";
import { parseSignal, type SignalName } from "../../signals.ts";
import { pretty } from "./pretty.ts";
import { utf8Text } from "./lossless.ts";

/** The version this package writes, and the only one it reads. */
const VERSION = 1;
const FORMAT = "polyspawn cassette";

/** Bytes in JSON: a text, its lines, or base64 where they are no UTF-8. */
export type Data = string | readonly string[] | { readonly base64: string };

/** One thing that happened to a recorded process. */
export type CassetteEvent =
  | { readonly stdin: Data }
  | { readonly stdinEnd: true }
  | { readonly stdout: Data }
  | { readonly stderr: Data }
  | { readonly signal: SignalName };

/** One recorded command. */
export interface CassetteCall {
  readonly argv: readonly string[];
  readonly cwd?: string;
  /** Variables that were set; null removes one. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly inheritEnv: boolean;
  /** Why it could not start; then there is nothing more. */
  readonly error?: { readonly kind: ExecErrorKind; readonly reason: string; readonly message: string };
  /** What happened, in order. */
  readonly events?: readonly CassetteEvent[];
  /** How it ended; left out while it ran on. */
  readonly exit?: { readonly code: number } | { readonly signal: SignalName };
  /** Whether a descendant held its pipes beyond that. */
  readonly pipesHeld?: true;
}

/** All that was recorded. */
export interface Cassette {
  readonly calls: readonly CassetteCall[];
}

/** An `invalid_cassette` error. */
export function invalidCassette(
  path: string,
  problem: string,
  cause?: unknown,
  remedy = "Record it again, or correct it.",
): ExecError {
  const message = `Cassette ${show(path)} ${problem} ${remedy}`;
  return new ExecError("invalid_cassette", message, { kind: "INVALID", cause, details: { cassette: path } });
}

/** A cassette as the text of its file. */
export function toText({ calls }: Cassette): string {
  return `${pretty({ format: FORMAT, version: VERSION, calls })}\n`;
}

/**
 * A cassette from the text of its file.
 * @throws {ExecError} `invalid_cassette`
 */
export function fromText(text: string, path: string): Cassette {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidCassette(path, "is no JSON.", cause);
  }
  const { format, version, calls } = asObject(value) ?? {};
  if (format !== FORMAT) throw invalidCassette(path, `is no cassette: its "format" is not "${FORMAT}".`);
  if (version !== VERSION) {
    throw invalidCassette(path, `has version ${show(version)}; this package reads ${VERSION}.`);
  }
  if (!Array.isArray(calls)) throw invalidCassette(path, `has no array "calls".`);
  calls.forEach((call, index) =>
    checkCall(call, (problem) => invalidCassette(path, `has in calls[${index}] ${problem}`))
  );
  return { calls: calls as CassetteCall[] };
}

type Complain = (problem: string) => ExecError;

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

function checkCall(value: unknown, complain: Complain): void {
  const call = asObject(value);
  if (!call) throw complain("no object.");
  const { argv, cwd, env, inheritEnv, error, events, exit, pipesHeld } = call;
  if (!isStrings(argv) || argv.length === 0) throw complain(`no array of words "argv".`);
  if (cwd !== undefined && typeof cwd !== "string") throw complain(`a "cwd" that is no string.`);
  if (env !== undefined && !isEnv(env)) throw complain(`an "env" that is no object of strings.`);
  if (typeof inheritEnv !== "boolean") throw complain(`no true or false "inheritEnv".`);
  if (pipesHeld !== undefined && pipesHeld !== true) throw complain(`a "pipesHeld" that is not true.`);
  if (error !== undefined && !isError(error)) {
    throw complain(`an "error" without a "kind" of an ExecError, "reason" and "message".`);
  }
  if (events !== undefined && !Array.isArray(events)) throw complain(`"events" that are no array.`);
  const wrong = (events ?? []).findIndex((event) => !isEvent(event));
  if (wrong >= 0) {
    throw complain(
      `events[${wrong}], which is no stdin, stdinEnd, stdout, stderr or signal as they are recorded.`,
    );
  }
  if (exit !== undefined && !isExit(exit)) throw complain(`an "exit" without "code" or "signal".`);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}

const KINDS: readonly unknown[] = [
  "INVALID",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "UNAVAILABLE",
  "TIMEOUT",
  "CANCELED",
  "INTERNAL",
] satisfies ExecErrorKind[];

function isError(value: unknown): boolean {
  const { kind, reason, message } = asObject(value) ?? {};
  return KINDS.includes(kind) && isStrings([reason, message]);
}

function isEnv(value: unknown): boolean {
  const env = asObject(value);
  return env !== undefined && Object.values(env).every((text) => text === null || typeof text === "string");
}

function isSignal(value: unknown): boolean {
  try {
    return typeof value === "string" && parseSignal(value) === value;
  } catch {
    return false;
  }
}

function isExit(value: unknown): boolean {
  const exit = asObject(value);
  if (exit === undefined || Object.keys(exit).length !== 1) return false;
  const code = exit["code"];
  return Number.isInteger(code) && (code as number) >= 0 || isSignal(exit["signal"]);
}

function isEvent(value: unknown): boolean {
  const [entry, ...more] = Object.entries(asObject(value) ?? {});
  if (!entry || more.length > 0) return false;
  const [name, data] = entry;
  if (name === "stdinEnd") return data === true;
  if (name === "signal") return isSignal(data);
  return ["stdin", "stdout", "stderr"].includes(name) && isData(data);
}

function isData(value: unknown): boolean {
  if (typeof value === "string" || isStrings(value)) return true;
  const base64 = asObject(value)?.["base64"];
  return typeof base64 === "string" && base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64);
}

/** Bytes as a cassette holds them. */
export function encodeData(bytes: Uint8Array): Data {
  const text = utf8Text(bytes);
  if (text === undefined) return { base64: toBase64(bytes) };
  const lines = text.split(/(?<=\n)/);
  return lines.length > 1 ? lines : text;
}

/** The bytes a cassette holds. */
export function decodeData(data: Data): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  if ("base64" in data) return fromBase64(data.base64);
  return encoder.encode(data.join(""));
}

const encoder = new TextEncoder();

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  }
  return btoa(binary);
}

function fromBase64(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
