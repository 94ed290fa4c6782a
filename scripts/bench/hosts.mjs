/** Starts the processes that are measured, and asks them. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HOST = fileURLToPath(new URL("host.mjs", import.meta.url));
/** A host that says nothing for so long, in ms, is ended. */
const LIMIT = 170_000;

/** A host with ballast needs a limit above it. */
const MORE_HEAP = "--max-old-space-size=6144";

function command({ kind, path }, ballast) {
  if (kind === "deno") {
    return [path, "run", "-A", "--no-lock", ...(ballast ? [`--v8-flags=${MORE_HEAP}`] : [])];
  }
  return kind === "node" ? [path, "--no-warnings", ...(ballast ? [MORE_HEAP] : [])] : [path];
}

/** One host: a subject on a runtime. */
export class Host {
  #child;
  #lines;
  #errors = "";

  /** Starts it; rejects when the subject doesn't run there. */
  static async start({ runtime, subject, ballast, environment }) {
    const host = new Host();
    const [file, ...args] = [...command(runtime, ballast), HOST, subject];
    const env = { ...environment, BENCH_BALLAST: ballast ?? "" };
    host.#child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env });
    host.#child.on("error", () => {});
    host.#child.stdin.on("error", () => {});
    host.#child.stderr.on("data", (chunk) => host.#errors = (host.#errors + chunk).slice(-2000));
    host.#lines = createInterface({ input: host.#child.stdout })[Symbol.asyncIterator]();
    await host.#answer();
    return host;
  }

  /** Asks for one piece of work. */
  async ask(work) {
    this.#child.stdin.write(`${JSON.stringify(work)}\n`);
    return await this.#answer();
  }

  /** The most memory it ever had, and what it has, in bytes; undefined where the system does not tell. */
  memory() {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)[1]) * 1024;
      return { peak: bytes("VmHWM"), now: bytes("VmRSS") };
    } catch {
      return undefined;
    }
  }

  end() {
    // A host that is killed outright leaves behind what it has running.
    this.#child.kill("SIGTERM");
  }

  async #answer() {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT / 1000} s`)), LIMIT);
    });
    try {
      const { done, value } = await Promise.race([this.#lines.next(), limit]);
      if (done) {
        throw new Error(this.#errors.trim().split("\n").find((line) => /Error/.test(line)) ?? "it ended");
      }
      const answer = JSON.parse(value);
      if (answer.error) throw new Error(answer.error);
      return answer;
    } catch (error) {
      this.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
