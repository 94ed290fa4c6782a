/**
 * Shells on Windows.
 * @module
 */
import { variable } from "./environment.ts";
import { systemProgram } from "./system.ts";

type Shell = readonly [executable: string, args: readonly string[]];

const POWERSHELL_ARGS = ["-NoProfile", "-NonInteractive", "-Command"];

/** PowerShell 7 where it was installed for all users, else the one of Windows, else cmd.exe. */
export function windowsShells(env: Readonly<Record<string, string | undefined>>): readonly Shell[] {
  const programs = variable(env, "ProgramFiles") ?? "C:\\Program Files";
  return [
    [`${programs}\\PowerShell\\7\\pwsh.exe`, POWERSHELL_ARGS],
    [systemProgram("WindowsPowerShell\\v1.0\\powershell.exe", env), POWERSHELL_ARGS],
    [systemProgram("cmd.exe", env), ["/d", "/s", "/c"]],
  ];
}

/** PowerShell makes 1 of every exit code of a program that failed, unless it is told to pass it on. */
const EXIT_CODE = "\nif (-not $?) { if ($LASTEXITCODE) { exit $LASTEXITCODE } else { exit 1 } }";

/** What a shell is given for a command line, so that it exits with the exit code of the last command. */
export function windowsShellText([executable, args]: Shell, text: string): string {
  const isPowerShell = /(^|[\\/])(pwsh|powershell)(\.exe)?$/i.test(executable);
  const takesText = /^-c(ommand)?$/i.test(args.at(-1) ?? "");
  return isPowerShell && takesText ? text + EXIT_CODE : text;
}
