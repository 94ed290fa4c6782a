/**
 * A `bash` tool for a language-model agent: its description, its JSON schema, and a result as text for the model.
 *
 * The model's command runs with all the rights of this process: this is no security boundary. Run the whole agent in
 * a container, or as a user who may do no harm.
 * @module
 */
import { realpathSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { createRunner, type Executor, isExecError, type RunOptions, type RunResult } from "../../mod.ts";

/** What the model is told; the names are those of the Messages API, other APIs call `input_schema` `parameters`. */
export const definition = {
  name: "bash",
  description: [
    "Runs a command line in a shell and returns what it printed, stdout and stderr in the order written.",
    "Each call is a new shell: the working directory, variables and functions of earlier calls are gone.",
    "Standard input is empty, and there is no terminal: use options such as --yes instead of answering questions.",
    "Background processes are ended when the command returns.",
    "Long output is cut to its last part; the first line then says so. Write long output to a file and search it.",
  ].join(" "),
  input_schema: {
    type: "object",
    properties: {
      command: { type: "string", description: "The command line, for bash where there is one, else for sh." },
      timeout_seconds: {
        type: "number",
        description: "After this time the command is ended and the output so far returned.",
        exclusiveMinimum: 0,
        maximum: 600,
        default: 120,
      },
    },
    required: ["command"],
    additionalProperties: false,
  },
} as const;

/** What goes back to the model. */
export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

/** How the tool is set up. */
export interface BashToolOptions {
  /** The directory every command starts in. */
  readonly cwd: string | URL;
  /** Whose defaults, rules and backend are used; a test gives one with a backend of its own. */
  readonly executor?: Executor;
  /** Gets the output as it comes, for a person to watch. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Makes the tool. What the model did wrong, and a command that fails, is a result it can read; only a fault of this
 * program rejects.
 */
export function createBashTool(
  { cwd, executor, onOutput }: BashToolOptions,
): (input: unknown, signal?: AbortSignal) => Promise<ToolResult> {
  const runner = createRunner({
    cwd,
    maxOutput: 30_000,
    // A pager or a question would wait for a person.
    env: { PAGER: "cat", GIT_PAGER: "cat", GIT_TERMINAL_PROMPT: "0" },
    ...(executor && { executor }),
    ...(onOutput && { onOutput }),
  });
  return async (input, signal) => {
    const call = parseInput(input);
    if (typeof call === "string") return { text: call, isError: true };
    const overrides: Partial<RunOptions> = { timeout: call.seconds * 1000, ...(signal && { signal }) };
    try {
      const result = await runner.run(call.command, overrides);
      return { text: format(result, call.seconds), isError: !result.ok };
    } catch (error) {
      // It did not run: an empty command, a directory that is gone, a policy that says no.
      if (isExecError(error) && error.kind !== "INTERNAL") return { text: error.message, isError: true };
      throw error;
    }
  };
}

/** The model's input, checked; a string says what is wrong with it. */
function parseInput(input: unknown): { command: string; seconds: number } | string {
  const { maximum, default: usual } = definition.input_schema.properties.timeout_seconds;
  const { command, timeout_seconds: seconds = usual } = (input ?? {}) as Record<string, unknown>;
  if (typeof command !== "string") return "Give the command line as the string `command`.";
  if (typeof seconds !== "number" || !(seconds > 0 && seconds <= maximum)) {
    return `Give \`timeout_seconds\` as a number above 0 and up to ${maximum}.`;
  }
  return { command, seconds };
}

/** The output, and after it whatever else the model must know, each in parentheses on a line of its own. */
function format(result: RunResult, seconds: number): string {
  const notes: string[] = [];
  if (result.ok) {
    if (result.output === "") notes.push("no output");
  } else if (result.reason === "nonzero") {
    notes.push(result.signal ? `killed by ${result.signal}` : `exit code ${result.exitCode}`);
  } else if (result.reason === "timeout") {
    notes.push(`timed out after ${seconds} s and was ended; the output is what it had printed`);
  } else {
    notes.push("canceled by the user; the output is what it had printed");
  }
  if (!result.complete) {
    notes.push("something it left running still held the output; nothing more of it was read");
  }
  const output = result.output === "" || result.output.endsWith("\n") ? result.output : `${result.output}\n`;
  return output + notes.map((note) => `(${note})\n`).join("");
}

/** Shows the tool with calls as a model makes them. */
export async function main(print: (text: string) => void = console.log): Promise<void> {
  const bash = createBashTool({ cwd: "." });
  print(JSON.stringify(definition, undefined, 2));
  for (
    const input of [
      { command: "echo one; echo two >&2; echo three" },
      { command: "ls /no/such/directory" },
      { command: "yes 'a long line of output' | head -n 100000" },
      { command: "echo waiting for something that never comes; sleep 300", timeout_seconds: 0.5 },
      { command: "cat; echo 'cat had nothing to read'" },
      { cmd: "a model's mistake" },
    ]
  ) {
    const { text, isError } = await bash(input);
    const shown = text.length > 200 ? `${text.slice(0, 100)}[...]${text.slice(-50)}` : text;
    print(`\n${JSON.stringify(input)}\n=> ${isError ? "error" : "success"}\n${shown.trimEnd()}`);
  }
}

const [, script] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) await main();
