/**
 * Whether a module can be loaded: what needs a file fails where no descriptor is left, and Node 20 never tries that
 * module again.
 * @module
 */
import { ExecError } from "../src/errors.ts";

/** What the runtimes put on the global object. */
interface Runtime {
  Deno?: unknown;
  process?: {
    platform?: string;
    versions: { node?: string };
    getBuiltinModule?: (name: string) => unknown;
  };
}
interface Files {
  openSync(path: string): number;
  closeSync(descriptor: number): void;
}

/** More than a load has open at once: 1 or 2. */
const NEEDED = 4;
/** On Node 20, which opens all modules together that are imported next: 4 of the npm package, whose modules are joined, … */
const NEEDED_TOGETHER = 8;
/** … and 32 of the sources. */
const NEEDED_APART = 40;
/** Where scripts/pack/bundle.mjs puts joined modules. */
const JOINED = /\/chunks\/[^/]+$/;

/** By the system's code, why no descriptor is left. */
export const TOO_MANY_OPEN_FILES: Readonly<Record<string, string>> = {
  EMFILE: "this process has too many open files",
  ENFILE: "the system has too many open files",
};

/** Whether there was room a moment ago: the first command loads two things at once. */
let seen = false;

/**
 * Looks whether there are descriptors enough to load modules; any other trouble the load will tell itself. On Deno a
 * failed load is tried again, and the look would ask for a permission.
 * @throws {ExecError} `resource_exhausted`
 */
export function checkRoom(): void {
  const { Deno, process } = globalThis as unknown as Runtime;
  const files = Deno ? undefined : process?.getBuiltinModule?.("node:fs") as Files | undefined;
  if (!files || seen) return;
  const devNull = process!.platform === "win32" ? "\\\\.\\nul" : "/dev/null";
  const opened: number[] = [];
  try {
    const needed = neededBy(process!.versions.node);
    while (opened.length < needed) opened.push(files.openSync(devNull));
    seen = true;
    queueMicrotask(() => seen = false);
  } catch (cause) {
    const { code } = cause as { code?: string };
    const why = code === undefined ? undefined : TOO_MANY_OPEN_FILES[code];
    if (why === undefined) return;
    const message = `What a command needs can't be loaded because ${why}: try again when there is room.`;
    throw new ExecError("resource_exhausted", message, { cause, details: { code } });
  } finally {
    for (const each of opened) files.closeSync(each);
  }
}

function neededBy(node: string | undefined): number {
  if (parseInt(node ?? "") !== 20) return NEEDED;
  // Who joins modules into a file of their own may leave no URL.
  return JOINED.test(String(import.meta.url)) ? NEEDED_TOGETHER : NEEDED_APART;
}
