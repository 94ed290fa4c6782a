/**
 * What Deno's errors mean.
 * @module
 */
import type { SpawnRequest } from "../src/backend.ts";
import { ExecError } from "../src/errors.ts";
import type { DenoApi } from "./deno_api.ts";
import type { Found } from "./start_errors.ts";

/** A signal that came too late: Deno says so by `NotFound`, or by a TypeError once it has seen the exit. */
export function isGone(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === "NotFound" || /ESRCH|already terminated/.test(message);
}

/** The operating system's code. */
export function codeOf(error: unknown): string | undefined {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (code !== undefined) return code;
  // Deno has neither a code nor a class for it.
  if (/\(os error 26\)/.test(message ?? "")) return "ETXTBSY";
  return { NotFound: "ENOENT", PermissionDenied: "EACCES", NotADirectory: "ENOTDIR" }[name ?? ""];
}

/** The error for a start that failed because the host's own directory was deleted; Deno can't start anything there. */
export function hostCwdError(error: unknown, { cwd }: SpawnRequest): ExecError | undefined {
  if (!/failed resolving cwd/i.test((error as Error).message)) return undefined;
  const which = cwd === undefined ? "" : ` to start ${JSON.stringify(cwd)} at`;
  const message = `The working directory of this program${which} is gone: give a full path as "cwd".`;
  return new ExecError("cwd_not_found", message, { cause: error });
}

/** The error for what Deno's permissions refuse; `undefined` when they did not. */
export function permissionError(error: unknown, request?: SpawnRequest): ExecError | undefined {
  const { name, message } = error as Error;
  if (name !== "NotCapable") return undefined;
  if (!request) return new ExecError("os_permission", `Deno refuses: ${message}.`, { cause: error });
  const refused = `Deno refuses to run ${JSON.stringify(request.argv[0])}`;
  const variables = message.match(/\b(LD|DYLD)_\w+/g);
  if (variables) {
    const text = `${refused} with ${variables.join(", ")} set under a list of allowed commands: ` +
      `${withoutVariable(variables[0], request)}, or run again with --allow-run without a list.`;
    return new ExecError("os_permission", text, { cause: error, details: { variables } });
  }
  const env = /\benv access\b(?: to "(\w+)")?/.exec(message);
  const way = env ? `run again with --allow-env${env[1] ? `=${env[1]}` : ""}` : allowing(request);
  const text = `${refused}: ${way}.`;
  return new ExecError("os_permission", text, { cause: error });
}

function withoutVariable(name: string, { env }: SpawnRequest): string {
  if (env[name] !== undefined) return `leave it out of env`;
  return `remove it with inheritEnv: false or env: { ${name}: undefined } (which needs --allow-env)`;
}

/** What to allow. Deno takes one list, and looks for bare names in the host's PATH. */
function allowing({ argv, cwd, env }: SpawnRequest): string {
  const [command] = argv as readonly [string];
  const isPath = command.includes("/");
  if (!isPath && env["PATH"] !== undefined) {
    return `the PATH in env leads to another file than the one Deno allows; allow that by its full path with ` +
      `--allow-run, and run it by that path`;
  }
  const relative = isPath && !command.startsWith("/");
  const path = relative && cwd?.startsWith("/") ? `${cwd}/${command.replace(/^\.\//, "")}` : command;
  return `run again with --allow-run=${path} (added to the list, if there is one)`;
}

/** Looks at a working directory, after Deno's own words about it. */
export async function look(deno: DenoApi, path: string, error: unknown): Promise<Found> {
  const { message } = error as Error;
  if (/No such cwd/i.test(message)) return "nothing";
  if (/cwd is not a directory/i.test(message)) return "other";
  if (deno.permissions.querySync({ name: "read", path }).state !== "granted") return "unknown";
  try {
    return (await deno.stat(`${path}/.`)).isDirectory ? "directory" : "other";
  } catch (failure) {
    const { name } = failure as Error;
    return name === "NotFound" ? "nothing" : name === "PermissionDenied" ? "forbidden" : "unknown";
  }
}
