/**
 * Whether a module can be loaded: what needs a file fails where no descriptor is left, and Node 20 never tries that
 * module again.
 * @module
 */
import { ExecError } from "../src/errors.ts";

/** What the runtimes put on the global object. */
interface Runtime {
  Deno?: unknown;
  process?: { getBuiltinModule?: (name: string) => unknown };
}
interface Files {
  openSync(path: string): number;
  closeSync(descriptor: number): void;
}

/**
 * As many as a load may have open at once: Node 20 opens all modules that one imports together, 22 where the backend's are
 * not joined (the sources; joined, as on npm, it is 3).
 */
const NEEDED = 24;

const WHY: Readonly<Record<string, string>> = {
  EMFILE: "this process has too many open files",
  ENFILE: "the system has too many open files",
};

/**
 * Looks whether there are descriptors enough to load modules; any other trouble the load will tell itself. On Deno a
 * failed load is tried again, and the look would ask for a permission.
 * @throws {ExecError} `resource_exhausted`
 */
export function checkRoom(): void {
  const { Deno, process } = globalThis as unknown as Runtime;
  const files = Deno ? undefined : process?.getBuiltinModule?.("node:fs") as Files | undefined;
  if (!files) return;
  const { devNull } = process!.getBuiltinModule!("node:os") as { devNull: string };
  const opened: number[] = [];
  try {
    while (opened.length < NEEDED) opened.push(files.openSync(devNull));
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
