/**
 * Working directories and environments: checked, and made into what backends take.
 * @module
 */
import { invalidOption, show } from "./check.ts";

/** Environment variables to set; a value of `undefined` removes an inherited variable. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The path of a `file:` URL; a drive letter is what tells that the path is a Windows one. */
function pathOfUrl(
  name: string,
  url: { protocol: string; hostname: string; pathname: string; href: string },
): string {
  if (url.protocol !== "file:" || url.hostname !== "") {
    throw invalidOption(name, `must be a path or a local file: URL, got ${show(url.href)}.`);
  }
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    throw invalidOption(name, `must be a URL whose path can be decoded, got ${show(url.href)}.`);
  }
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1).replaceAll("/", "\\") : path;
}

/** A working directory as a path; a relative one starts at the host's. */
export function checkCwd(name: string, value: string | URL | undefined): string | undefined {
  return checkPath(name, value, "directory");
}

/** A path, or nothing; `kind` is what is at it, for messages. */
export function checkPath(
  name: string,
  value: string | URL | undefined,
  kind: "directory" | "file",
): string | undefined {
  if (value === undefined) return undefined;
  const isUrl = typeof value === "object" && value !== null && typeof value.pathname === "string";
  const path = isUrl ? pathOfUrl(name, value) : value;
  if (typeof path !== "string" || path === "") {
    throw invalidOption(name, `must be a ${kind}'s path or file: URL, got ${show(value)}.`);
  }
  if (path.includes("\0")) throw invalidOption(name, `must not contain a NUL byte, got ${show(path)}.`);
  return path;
}

/** A frozen copy of environment variables. Messages name variables, never their values. */
export function checkEnv(name: string, value: Env | undefined): Env {
  if (value === undefined) return Object.freeze({});
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    // Not the value itself: whoever gives a text most likely gives names and values in one.
    const got = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
    throw invalidOption(name, `must be an object of names and values, got ${got}.`);
  }
  for (const [key, text] of Object.entries(value)) {
    if (key === "" || key.includes("=") || key.includes("\0")) {
      throw invalidOption(
        name,
        `has a variable named ${
          show(key.replace(/=[^]+/, "=…"))
        }: a name must not be empty or contain "=" or NUL.`,
      );
    }
    if (text !== undefined && typeof text !== "string") {
      throw invalidOption(
        name,
        `must give "${key}" a string, or undefined to remove it, got a ${typeof text}.`,
      );
    }
    if (text?.includes("\0")) throw invalidOption(name, `must not put a NUL byte into "${key}".`);
  }
  return Object.freeze({ ...value });
}
