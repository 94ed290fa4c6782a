/** Only checked, never run: uses of every entry point, with no name that the package's types don't need themselves. */
import {
  allOf,
  type Backend,
  type Child,
  createExecutor,
  createRunner,
  type Env,
  ExecError,
  type ExecErrorKind,
  type ExecEvent,
  type Executor,
  isExecError,
  type Output,
  type Policy,
  type Process,
  quote,
  run,
  type RunResult,
  type SignalName,
  split,
  type Stream,
} from "polyspawn";
import { denoBackend } from "polyspawn/deno";
import { nodeBackend } from "polyspawn/node";
import * as testing from "polyspawn/testing";

export const entry: object = testing;
export const backends: Backend[] = [nodeBackend(), denoBackend()];
export const env: Env = { A: "1", B: undefined };
export const words: string[] = split(quote(["echo", "a b"]));

const onlyGit: Policy = ({ argv }) => argv?.[0] === "git";
export const executor: Executor = createExecutor({
  env,
  policy: allOf(onlyGit),
  commandWhitelist: ["git status", ["git", "log"]],
  onEvent: (event: ExecEvent) => event.type === "exit" ? event.exitCode : event.time,
});

/** Everything with a type that lib.es2022 does not have: AbortSignal, URL, Web Streams, disposal. */
export async function use(signal: AbortSignal, cwd: URL): Promise<Output> {
  await using child: Process = await executor.spawn("sort", {
    signal,
    cwd,
    timeout: 1_000,
    mergeStderr: true,
  });
  const writer: WritableStreamDefaultWriter<Uint8Array> = child.stdin.getWriter();
  await writer.close();
  const stream: Stream = child.stdoutStream();
  const readable: ReadableStream<Uint8Array> = stream.readable;
  await readable.cancel();
  for await (const line of stream.lines({ preventCancel: true })) line.toUpperCase();
  for await (const chunk of child.stderrStream()) chunk.byteLength.toFixed();
  const name: SignalName = "SIGTERM";
  await child.signal(name);
  const output = await executor.output(["sort"], { input: "b\na\n", check: true });
  return output;
}

/** A result of `run` tells by `ok` and `reason` what else it has. */
export async function result(): Promise<number> {
  const answer: RunResult = await run("exit 3", { cwd: "/", timeout: 1_000 });
  await createRunner({ cwd: "/", timeout: 1_000 }).run("true");
  if (answer.ok) return answer.exitCode satisfies 0;
  return answer.reason === "nonzero" ? answer.exitCode : answer.totalBytes;
}

/** What a catch block makes of an error. */
export function kind(error: unknown): ExecErrorKind | undefined {
  return isExecError(error) ? error.kind : new ExecError("internal", "unknown", { cause: error }).kind;
}

/** A backend of one's own. */
export const own: Backend = {
  name: "own",
  capabilities: { processGroups: false, mergedOutput: false, killOnHostExit: false },
  spawn: ({ argv }): Promise<Child> => {
    let stop = () => {};
    const exit = new Promise<{ code: number }>((resolve) => stop = () => resolve({ code: argv.length }));
    return Promise.resolve({ exit, kill: () => stop(), groupGone: () => true });
  },
};
