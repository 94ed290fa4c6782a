/**
 * What Windows is asked to start for a command.
 * @module
 */
import type { SpawnRequest } from "../../src/backend.ts";
import { ExecError } from "../../src/errors.ts";
import { batchArguments, checkLength, checkOneLine } from "./command_line.ts";
import { variable, type Variables, windowsEnvironment } from "./environment.ts";
import { extensionOf, findFile, type IsFile, isPath, type Lookup } from "./lookup.ts";
import { systemProgram } from "./system.ts";

/** cross-spawn's view of a command: whether another program must run it. */
export type ParseScript = (file: string, args: string[], options: { env: Variables }) => {
  readonly command: string;
  readonly args: string[];
  /** Set when it would take cmd.exe. */
  readonly options: { readonly windowsVerbatimArguments?: boolean };
};

/** What of the host is looked at. */
export interface WindowsHost {
  /** Its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its working directory. */
  readonly cwd: string;
  readonly isFile: IsFile;
  readonly isDirectory: IsFile;
  /** `path.win32.resolve`. */
  readonly resolve: (...paths: string[]) => string;
  /** cross-spawn's parser; asked for only where a file is no program and no batch file. */
  readonly parser: () => Promise<ParseScript>;
}

/** What is started. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** Whether the arguments are taken as they are, without quoting. */
  readonly raw: boolean;
  readonly env: Variables;
}

/** Longest value of a variable, with its name and the signs around it. */
const LONGEST_VARIABLE = 32_767;

/**
 * Finds the file of a command and how it must be started: a program by itself, a batch file by cmd.exe, a script by the
 * interpreter that its first line names.
 * @throws {ExecError} A rejection: `command_not_found`, `os_permission`, `invalid_command`, `argument_too_long`
 */
export async function windowsLaunch(request: SpawnRequest, host: WindowsHost): Promise<Launch> {
  const [name, ...args] = request.argv as [string, ...string[]];
  const env = windowsEnvironment(request, host.env);
  for (const [variable, value] of Object.entries(env)) checkVariable(variable, value);
  // Without a PATH of its own the system gives the command the host's.
  const path = variable(env, "PATH") ?? variable(host.env, "PATH");
  const { isFile, resolve } = host;
  const cwd = request.cwd === undefined ? host.cwd : resolve(host.cwd, request.cwd);
  const lookup: Lookup = {
    variables: {
      PATHEXT: variable(host.env, "PATHEXT") ?? "",
      ...env,
      ...(path !== undefined && { PATH: path }),
    },
    cwd,
    isFile,
    resolve,
  };
  const file = await findFile(name, lookup);
  if (file === undefined) {
    // As the system says it, for the caller to put into words.
    const isDirectory = isPath(name) && await host.isDirectory(resolve(cwd, name));
    throw Object.assign(new Error(`No program ${name}`), { code: isDirectory ? "EACCES" : "ENOENT" });
  }
  switch (extensionOf(file)) {
    case ".exe":
    case ".com":
      return { env, ...programLaunch(file, args) };
    case ".bat":
    case ".cmd":
      return { env, ...batchLaunch(file, args, host) };
    default:
      return { env, ...await scriptLaunch(name, file, args, host, lookup) };
  }
}

type Command = Omit<Launch, "env">;

function programLaunch(file: string, args: readonly string[]): Command {
  const text = isCmd(file) ? cmdText(args) : undefined;
  if (text !== undefined) {
    checkOneLine([text], "a command line");
    // cmd.exe takes off the outer quotes (/s) and reads the rest as it was written.
    args = [...args.slice(0, -1), `"${text}"`];
  }
  checkLength(file, args, { raw: text !== undefined, cmd: text !== undefined });
  return { file, args, raw: text !== undefined };
}

function batchLaunch(file: string, words: readonly string[], host: WindowsHost): Command {
  checkOneLine(words, `the batch file ${JSON.stringify(file)}`);
  const cmd = systemProgram("cmd.exe", host.env);
  const args = batchArguments(file, words);
  checkLength(cmd, args, { raw: true, cmd: true });
  return { file: cmd, args, raw: true };
}

/** Only what names its interpreter: Windows would open any other file with the application that belongs to it. */
async function scriptLaunch(
  name: string,
  script: string,
  words: readonly string[],
  host: WindowsHost,
  lookup: Lookup,
): Promise<Command> {
  const parse = await host.parser();
  const { command, args, options } = parse(script, [...words], { env: lookup.variables });
  if (command === script) throw notExecutable(name);
  const interpreter = options.windowsVerbatimArguments ? undefined : await findFile(command, lookup);
  if (interpreter === undefined) throw notExecutable(name);
  checkLength(interpreter, args, { raw: false, cmd: false });
  return { file: interpreter, args, raw: false };
}

function isCmd(file: string): boolean {
  return /(^|[\\/])cmd\.exe$/i.test(file);
}

/** The command line in `cmd /s /c TEXT`, with whatever options before it. */
function cmdText(args: readonly string[]): string | undefined {
  const switches = args.slice(0, -1).map((arg) => arg.toLowerCase());
  if (switches.at(-1) !== "/c" || !switches.includes("/s")) return undefined;
  return args.at(-1)!.replace(/[\r\n]+$/, "");
}

function checkVariable(name: string, value: string): void {
  if (name.length + value.length + 2 <= LONGEST_VARIABLE) return;
  const message = `Variable ${name} is too long for Windows, which takes ${LONGEST_VARIABLE} characters: ` +
    `pass large data on stdin or in a file.`;
  throw new ExecError("argument_too_long", message, { details: { variable: name, limit: LONGEST_VARIABLE } });
}

function notExecutable(file: string): ExecError {
  const message =
    `${JSON.stringify(file)} can't be run: Windows runs .exe, .com, .bat and .cmd files, and scripts ` +
    `whose first line names a program that is in PATH. Name the program that is to open it.`;
  return new ExecError("os_permission", message);
}
