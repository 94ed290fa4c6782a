/**
 * Why a process could not start, told in the same words on every runtime.
 * @module
 */
import type { SpawnRequest } from "../src/backend.ts";
import { ExecError } from "../src/errors.ts";
import { TOO_MANY_OPEN_FILES } from "./room.ts";

/** What is found where a working directory should be. */
export type Found = "directory" | "other" | "nothing" | "forbidden" | "unknown";

/** Looks at a path. */
export type Look = (path: string) => Promise<Found>;

const EXHAUSTED: Readonly<Record<string, string>> = {
  EAGAIN: "the limit of processes is reached",
  ENOMEM: "memory is short",
  ...TOO_MANY_OPEN_FILES,
  ETXTBSY: "the executable is being written",
};

/**
 * The error for an operating system's code. A missing working directory gives the same code as a missing command, so
 * the directory is looked at, and only then: after the failure.
 */
export async function startError(
  code: string | undefined,
  cause: unknown,
  request: SpawnRequest,
  look: Look,
): Promise<ExecError> {
  const name = short(request.argv[0]!);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") {
    const wrongCwd = await cwdError(request, cause, look);
    if (wrongCwd) return wrongCwd;
  }
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
    case "ELOOP":
      return new ExecError("command_not_found", `Command ${name} was not found: ${whereToLook(request)}`, {
        cause,
      });
    case "EACCES":
    case "EPERM": {
      const message =
        `The operating system refuses to run ${name}: check that it is a file with execute permission.`;
      return new ExecError("os_permission", message, { cause });
    }
    case "E2BIG": {
      const message = `The arguments and environment of ${name} are too long for the operating system: ` +
        `pass large data on stdin or in a file.`;
      return new ExecError("argument_too_long", message, {
        cause,
        details: { arguments: request.argv.length },
      });
    }
  }
  const exhausted = code === undefined ? undefined : EXHAUSTED[code];
  if (exhausted) {
    const message = `Command ${name} could not start because ${exhausted}: try again when there is room.`;
    return new ExecError("resource_exhausted", message, { cause, details: { code } });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ExecError("internal", `Starting ${name} failed: ${text}`, { cause, details: { code } });
}

/** A name as messages show it: whole only where people can read it. */
function short(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 197)}...` : name);
}

function whereToLook(request: SpawnRequest): string {
  const [name] = request.argv as readonly [string];
  if (/[\\/]/.test(name)) {
    return "check the path; a relative one starts at the working directory of the command.";
  }
  return "install it, give its full path, or add its directory to the PATH in env.";
}

async function cwdError(request: SpawnRequest, cause: unknown, look: Look): Promise<ExecError | undefined> {
  const { cwd } = request;
  if (cwd === undefined) return undefined;
  const found = await look(cwd);
  const name = short(cwd);
  switch (found) {
    case "nothing":
      return new ExecError(
        "cwd_not_found",
        `Working directory ${name} does not exist: create it or correct "cwd".`,
        { cause },
      );
    case "other":
      return new ExecError("cwd_not_found", `Working directory ${name} is not a directory: correct "cwd".`, {
        cause,
      });
    case "forbidden":
      return new ExecError(
        "os_permission",
        `Working directory ${name} may not be entered: check its permissions.`,
        { cause },
      );
  }
}
