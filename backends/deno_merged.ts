/**
 * Merged output on Deno. `Deno.Command` can't give two descriptors one pipe, so a shell does it and then becomes the
 * command. (Deno's `node:child_process` can, but closes descriptors twice that may be somebody else's by then.)
 * @module
 */
import type { Child, SpawnRequest } from "../src/backend.ts";
import { ExecError } from "../src/errors.ts";
import type { DenoApi } from "./deno_api.ts";
import { CommandChild, launch, startErrorOf } from "./deno_child.ts";
import type { Watcher } from "./watchdog.ts";

const SHELL = "/bin/sh";

/** Variables that shells set for themselves; the command must have them as they were. */
const SHELL_VARIABLES = ["PWD", "OLDPWD", "SHLVL"];

/**
 * Looks for the executable as the system would, and says on stderr why it can't start: stderr is free for that until
 * the command has it, and then its end without a word means that the command runs.
 */
const FIND = `case $1 in
*/*) _polyspawn=$1 ;;
*) _polyspawn=; set -f; IFS=:
for _polyspawn_dir in \${PATH-/bin:/usr/bin}; do
if [ -f "\${_polyspawn_dir:-.}/$1" ] && [ -x "\${_polyspawn_dir:-.}/$1" ]; then _polyspawn=$_polyspawn_dir/$1; break; fi
done; unset IFS
if [ ! "$_polyspawn" ]; then echo ENOENT >&2; exit 127; fi ;;
esac
if [ ! -e "$_polyspawn" ]; then echo ENOENT >&2; exit 127; fi
if [ ! -f "$_polyspawn" ] || [ ! -x "$_polyspawn" ]; then echo EACCES >&2; exit 126; fi
`;

/** Starts a process whose stdout and stderr are one. */
export async function startMerged(
  deno: DenoApi,
  request: SpawnRequest,
  watcher: Watcher | undefined,
): Promise<Child> {
  checkNames(request.env);
  let failure = "";
  try {
    const script = `${lookupPath(deno, request)}${FIND}${restoreVariables(deno, request)}exec "$@" 2>&1`;
    const shell = { ...request, argv: [SHELL, "-c", script, SHELL, ...request.argv] };
    watcher?.arm();
    const command = launch(deno, shell);
    const child = new CommandChild(deno, command, request, watcher);
    await child.watched;
    failure = (await new Response(command.stderr).text()).trim();
    if (failure === "") return child;
    await child.exit;
    child.groupGone();
    // The shell is gone, and nobody gets its pipes: their descriptors would stay open.
    await Promise.all([child.stdin?.close(), child.stdout?.close()]);
  } catch (error) {
    throw await startErrorOf(deno, error, request);
  }
  const cause = Object.assign(new Error(`${request.argv[0]}: ${failure}`), { code: failure });
  throw await startErrorOf(deno, cause, request);
}

/** What a shell can't pass on must not get lost in silence. */
function checkNames(env: SpawnRequest["env"]): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || /^[A-Za-z_]\w*$/.test(name)) continue;
    const message =
      `On Deno, mergeStderr can't pass on the variable ${JSON.stringify(name)}: rename it, or leave ` +
      `mergeStderr out.`;
    throw new ExecError("unsupported", message, { details: { variable: name } });
  }
}

/** Shell text for a command that is looked up in the host's PATH and is given none: a variable, but not exported. */
function lookupPath(deno: DenoApi, { argv, hostPath, env }: SpawnRequest): string {
  if (!hostPath || env["PATH"] !== undefined || argv[0]!.includes("/")) return "";
  // A relative directory would start at the child's working directory, which a caller may choose.
  const directories = (deno.env.get("PATH") ?? "").split(":").filter((directory) =>
    directory.startsWith("/")
  );
  return `PATH=${quote(directories.join(":"))}\n`;
}

/** A word as a shell takes it literally. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Shell text that makes the variables shells set for themselves what they would be without a shell. */
function restoreVariables(deno: DenoApi, { env, inheritEnv }: SpawnRequest): string {
  let text = "";
  for (const name of SHELL_VARIABLES) {
    let value = env[name];
    if (inheritEnv && !(name in env)) {
      // Without leave to look, the shell's own idea has to do.
      if (deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") continue;
      value = deno.env.get(name);
    }
    text += value === undefined ? `unset ${name}\n` : `export ${name}=${quote(value)}\n`;
  }
  return text;
}
