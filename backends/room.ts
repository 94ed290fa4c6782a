/**
 * Whether a module can be loaded: what needs a file fails where no descriptor is left, and Node 20 never tries that
 * module again.
 * @module
 */
import { ExecError } from "../src/errors.ts";

/** What the runtimes put on the global object. */
interface Runtime {
  Deno?: unknown;
  process?: { platform?: string; getBuiltinModule?: (name: string) => unknown };
}
interface Files {
  openSync(path: string): number;
  closeSync(descriptor: number): void;
}

/**
 * More than a load has open at once: Node 20 opens all modules together that are imported next, 32 in the first command
 * where modules are not joined (the sources; joined, as on npm, it is 4, and other runtimes need 1 or 2).
 */
const NEEDED = 40;

const WHY: Readonly<Record<string, string>> = {
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
    while (opened.length < NEEDED) opened.push(files.openSync(devNull));
    seen = true;
    queueMicrotask(() => seen = false);
  } catch (cause) {
    const { code } = cause as { code?: string };
    const why = code === undefined ? undefined : WHY[code];
    if (why === undefined) return;
    const message = `What a command needs can't be loaded because ${why}: try again when there is room.`;
    throw new ExecError("resource_exhausted", message, { cause, details: { code } });
  } finally {
    for (const each of opened) files.closeSync(each);
  }
}
