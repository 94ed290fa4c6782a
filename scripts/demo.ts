/**
 * The main job on real commands, in seconds: `npm run demo` runs this on every runtime that is here. Each part says
 * what it proves; the exit code is not 0 if anything is not as promised.
 * @module
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createExecutor, type ExecError, type Executor, isExecError, run } from "../mod.ts";
import { memoryBackend } from "./examples/memory_backend.ts";

const runtime = process.versions.bun
  ? `Bun ${process.versions.bun}`
  : process.versions["deno"]
  ? `Deno ${process.versions["deno"]}`
  : `Node ${process.versions.node}`;

/** The project's directory: this file runs from scripts/, or as JavaScript from .build/scripts/. */
const root = new URL(/\/\.build\/scripts\/[^/]*$/.test(import.meta.url) ? "../.." : "..", import.meta.url);

const executor = createExecutor({ cwd: root });
const started = performance.now();
let failures = 0;

/** Runs one part: what it returns is what was seen. */
async function part(title: string, proof: string, show: () => Promise<string>): Promise<void> {
  try {
    console.log(`\n${title}\n  saw:    ${await show()}\n  proves: ${proof}`);
  } catch (error) {
    failures++;
    console.log(`\n${title}\n  FAILED: ${error instanceof Error ? error.message : error}`);
  }
}

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Not as promised: ${what}.`);
}

function equal(actual: unknown, expected: unknown, what: string): void {
  expect(
    Object.is(actual, expected),
    `${what} is ${JSON.stringify(actual)} and not ${JSON.stringify(expected)}`,
  );
}

/** The error a call fails with. */
async function failureOf(call: Promise<unknown>): Promise<ExecError> {
  const error = await call.then(() => undefined, (error: unknown) => error);
  expect(isExecError(error), "it fails with an ExecError");
  return error;
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process runs; a zombie does not. */
async function isRunning(pid: number): Promise<boolean> {
  if (!answers(pid)) return false;
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  // No such file: it is gone by now, or this system has no /proc.
  if (stat === undefined) return answers(pid);
  return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

console.log(`polyspawn on ${runtime}, ${process.platform}`);

await part(
  "A command, its output, its exit code",
  "a string is split into words as a shell would, and no shell runs: | is a plain word",
  async () => {
    const output = await executor.output("echo 'Hello, World!' | tr a-z A-Z");
    equal(output.exitCode, 0, "the exit code");
    equal(output.stdoutText(), "Hello, World! | tr a-z A-Z\n", "what it printed");
    return output.stdoutText().trim();
  },
);

await part(
  "A working directory and the environment",
  "both reach the command, and only this one",
  async () => {
    const env = { GREETING: "good morning" };
    const output = await executor.output(["sh", "-c", 'pwd; echo "$GREETING"'], { cwd: "/", env });
    equal(output.stdoutText(), "/\ngood morning\n", "what it printed");
    equal((await executor.output(["sh", "-c", 'echo "$GREETING"'])).stdoutText(), "\n", "the next command's");
    return JSON.stringify(output.stdoutText());
  },
);

await part(
  "A failing command",
  "an exit code is a result; only `check: true` makes an error of it, with the output",
  async () => {
    const build = ["sh", "-c", "echo compiling; exit 2"];
    const { ok, exitCode } = await executor.output(build);
    expect(!ok && exitCode === 2, "without check it is a result");
    const error = await failureOf(executor.output(build, { check: true }));
    equal(error.reason, "exit_nonzero", "the reason");
    equal(error.output?.stdoutText(), "compiling\n", "the error's output");
    return error.message;
  },
);

await part(
  "Lines as they come",
  "output is streamed: the answer to a line is written while it runs",
  async () => {
    await using child = await executor.spawn([
      "sh",
      "-c",
      "echo 'your name?'; read name; echo \"hello $name\"",
    ]);
    const lines: string[] = [];
    for await (const line of child.stdoutStream().lines()) {
      if (line === "your name?") {
        equal(child.state, "running", "the state at the first line");
        await child.writeStdin("Ada\n");
      }
      lines.push(line);
    }
    equal(await child.wait(), 0, "the exit code");
    equal(lines.join(), "your name?,hello Ada", "the lines");
    return lines.join(" / ");
  },
);

await part(
  "sort, fed with the words of the license",
  "standard input, its end, and every byte back",
  async () => {
    const words = (await readFile(new URL("LICENSE", root), "utf8")).split(/\s+/).filter(Boolean);
    await using sort = await executor.spawn("sort", { env: { LC_ALL: "C" } });
    for (const word of words) await sort.writeStdin(`${word}\n`);
    await sort.writeStdin(""); // the end of input
    const sorted = (await sort.stdoutStream().text()).trimEnd().split("\n");
    equal(sorted.join(), [...words].sort().join(), "the sorted list");
    return `${words.length} words, from ${sorted[0]} to ${sorted.at(-1)}`;
  },
);

await part(
  "A server, closed gracefully",
  "close() sends SIGTERM and gives time to say good-bye",
  async () => {
    const program = `import("node:http").then(({ createServer }) => {
    const server = createServer((_, response) => response.end("hello from the server"));
    process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  })`;
    // The one server that is surely on this machine: a program for the runtime this runs on.
    const evaluate = runtime.startsWith("Deno") ? "eval" : "-e";
    const server = await executor.spawn([process.execPath, evaluate, program]);
    const output = server.stdoutStream();
    let port = "";
    for await (const line of output.lines({ preventCancel: true })) {
      port = line;
      break;
    }
    const url = `http://127.0.0.1:${port}/`;
    const answer = await (await fetch(url, { headers: { connection: "close" } })).text();
    equal(answer, "hello from the server", "the answer");
    equal(await server.close(), true, "the answer of close");
    equal(await server.wait(), 0, "the exit code");
    equal(await output.text(), "bye\n", "its last words");
    expect(await fetch(url).then(() => false, () => true), "nobody listens any more");
    return `"${answer}", then "bye" and exit code 0`;
  },
);

await part("A command with a child of its own", "the whole group ends, not just the command", async () => {
  await using parent = await executor.spawn(["sh", "-c", "sleep 300 & echo $!; wait"]);
  const output = parent.stdoutStream();
  const pid = Number(new TextDecoder().decode(await output.read() ?? undefined));
  expect(pid > 0 && await isRunning(pid), "the grandchild runs");
  equal(await parent.close(), true, "the answer of close");
  expect(!await isRunning(pid), `grandchild ${pid} is gone`);
  return `grandchild ${pid} ran, and is gone after close()`;
});

await part(
  "A daemon that keeps the pipe",
  "a call returns when the command is done, not 300 s later",
  async () => {
    const start = performance.now();
    const output = await executor.output(["sh", "-c", "echo done; sleep 300 & exit 0"]);
    const seconds = (performance.now() - start) / 1000;
    equal(output.stdoutText(), "done\n", "what it printed");
    expect(!output.complete && seconds < 10, "it returns in time and says that the pipe was still held");
    return `"done" after ${seconds.toFixed(2)} s, complete: ${output.complete}`;
  },
);

await part("A timeout", "the command is ended in time, and what it had printed is kept", async () => {
  const slow = executor.output(["sh", "-c", "echo half of it; sleep 300"], { timeout: 300 });
  const error = await failureOf(slow);
  equal(error.reason, "timed_out", "the reason");
  equal(error.output?.stdoutText(), "half of it\n", "the partial output");
  return `${error.kind}, with ${JSON.stringify(error.output?.stdoutText())}`;
});

await part("stdout and stderr as one", "2,000 lines, in the order they were written", async () => {
  const script = "i=0; while [ $i -lt 1000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
  const output = await executor.output(["sh", "-c", script], { mergeStderr: true });
  const expected = Array.from({ length: 1000 }, (_, i) => `out ${i}\nerr ${i}\n`).join("");
  expect(output.stdoutText() === expected, "the order is exact");
  return `${output.stdoutText().split("\n").length - 1} lines, each in its place`;
});

await part(
  "run: a command line for a shell",
  "pipes, one ordered text, an exit code; and never an endless wait",
  async () => {
    const cwd = root;
    const result = await run("printf 'pear\\napple\\n' | sort; echo 'no cherries' >&2; exit 3", { cwd });
    expect(!result.ok && result.reason === "nonzero" && result.exitCode === 3, "the exit code is 3");
    equal(result.output, "apple\npear\nno cherries\n", "the output");
    const long = await run("yes 'much to say' | head -n 10000", { cwd, maxOutput: 100 });
    expect(long.ok && long.truncated && long.totalBytes === 120_000, "long output is cut");
    const late = await run("trap '' TERM; echo started; sleep 300", { cwd, timeout: 300 });
    expect(!late.ok && late.reason === "timeout" && late.output === "started\n", "a timeout is a result");
    return `${JSON.stringify(result.output)}; "${long.output.split("\n")[0]}"; ${late.reason}`;
  },
);

await part(
  "A backend of one's own",
  "where processes come from is a detail: the second one starts none",
  async () => {
    const countLines = async (on: Executor) =>
      Number.parseInt((await on.output("wc -l LICENSE")).stdoutText());
    const fake = createExecutor({
      backend: memoryBackend({ "wc -l LICENSE": { stdout: "1000000 LICENSE\n" } }),
    });
    const counts = [await countLines(executor), await countLines(fake)];
    equal(counts.join(), "21,1000000", "what the same function counts");
    equal((await failureOf(fake.output("wc -c LICENSE"))).reason, "command_not_found", "the reason");
    return `the same function counts ${counts[0]} lines in a real file and ${
      counts[1]
    } in one that is made up`;
  },
);

await executor.release();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(failures === 0 ? `\nAll of it is as promised (${seconds} s).` : `\n${failures} parts FAILED.`);
process.exitCode = failures === 0 ? 0 : 1;
