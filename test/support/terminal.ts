/**
 * Runs a host of test/fixtures/hosts at a terminal of its own, which `script` of util-linux makes.
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { quote } from "../../mod.ts";
import { hostCommand, root } from "./host.ts";

/** A host at a terminal. */
export class Terminal {
  /** All that the terminal has shown: what the host and its children wrote, and the echo of what was typed. */
  shown = "";
  /** The exit code of the host as a shell tells it, 128 + n for a signal. */
  readonly exitCode: Promise<number>;
  readonly #script;
  #look: (() => void) | undefined;

  constructor(name: string, args: readonly string[]) {
    // As a shell would: the host is what it becomes, and leads the group in the foreground.
    // A core dump of a whole runtime takes its time.
    const line = `ulimit -c 0; exec ${quote([...hostCommand(name), ...args])}`;
    const env = { ...process.env, SHELL: "/bin/sh", TERM: "xterm", LESS: "", LINES: "24", COLUMNS: "80" };
    const script = this.#script = spawn("script", ["-qec", line, "/dev/null"], {
      cwd: root,
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    script.stdin.on("error", () => {});
    script.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.shown += text;
      this.#look?.();
    });
    this.exitCode = new Promise((resolve) => script.once("close", (code) => resolve(code ?? -1)));
  }

  /** Waits until the terminal has shown all of the texts, in whichever order, since the last time. */
  async expect(...texts: string[]): Promise<void> {
    const ends = () => texts.map((text) => this.shown.indexOf(text, this.#seen) + text.length);
    const missing = () => texts.some((text) => !this.shown.includes(text, this.#seen));
    await new Promise<void>((resolve) => {
      this.#look = () => missing() || resolve();
      this.#look();
    });
    this.#seen = Math.max(...ends());
  }
  #seen = 0;

  /** Types; a control character is what its key sends. */
  type(text: string): void {
    this.#script.stdin.write(text);
  }

  /** Ends whatever is left of it. */
  end(): void {
    this.#script.kill("SIGKILL");
  }

  /** What the host has reported. */
  get report(): Record<string, unknown> {
    // What else is shown may stand before and after it on the same line, as the echo of a key does.
    const reports = this.shown.match(/\{"\w+":[^{}]*\}/g) ?? [];
    return Object.assign({}, ...reports.map((text) => JSON.parse(text) as object));
  }
}
