/** Runs a tool and keeps what it prints, so that only what went wrong is shown. */
import { spawn } from "node:child_process";
import { env } from "../tools.mjs";

/** How long a tool may take, in ms, unless something else is said: far more than any needs. */
const LIMIT = 300_000;

/** Runs a command to its end: its exit code, its stdout, and both outputs in `text`. Never rejects. */
export function capture(argv, { cwd, environment = {}, limit = LIMIT } = {}) {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd,
      env: { ...env, NO_COLOR: "1", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limit,
      killSignal: "SIGKILL",
    });
    const texts = { out: "", all: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      texts.out += text;
      texts.all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => texts.all += text);
    child.on("error", (error) => resolve({ code: 1, stdout: "", text: `${argv[0]}: ${error.message}` }));
    child.on("close", (code, signal) => {
      const text = signal ? `${texts.all}\nended by ${signal}` : texts.all;
      resolve({ code: code ?? 1, stdout: texts.out, text });
    });
  });
}

/** Runs a command that must succeed, and gives its stdout. */
export async function succeed(argv, options) {
  const { code, stdout, text } = await capture(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")} exited with code ${code}:\n${text.trim()}`);
  return stdout;
}

/** `npm install` into a directory that need not exist as a package. */
export function npmInstall(directory, packages) {
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--no-update-notifier", "--loglevel=error"];
  return succeed(["npm", "install", ...quiet, "--prefix", directory, ...packages], { cwd: directory });
}
