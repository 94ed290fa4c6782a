/**
 * The public types, held by the type checker (the step `types`) and never run: what narrows, what is read-only, and
 * what must not compile. A line after `@ts-expect-error` that compiles fails the check.
 */
import {
  allOf,
  type Backend,
  type Clock,
  createExecutor,
  createRegistry,
  type createRunner,
  type Env,
  ExecError,
  type ExecErrorKind,
  type ExecErrorReason,
  type ExecEvent,
  type Executor,
  type ExitStatus,
  isExecError,
  type Output,
  type Policy,
  type Process,
  type ProcessState,
  quote,
  registerKind,
  type resolveShell,
  run,
  type RunResult,
  type Shell,
  type SignalName,
  type SpawnRequest,
  type split,
  type Stream,
} from "../../mod.ts";
import { denoBackend } from "../../backends/deno.ts";
import { nodeBackend } from "../../backends/node.ts";
import { fakeBackend, recordBackend, replayBackend } from "../../src/testing/mod.ts";

/** Whether two types are the same, `any` and optional fields included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

declare const executor: Executor;
declare const child: Process;
declare const stream: Stream;

export function results(result: RunResult): void {
  // Whether it succeeded decides what else there is.
  if (result.ok) {
    same<typeof result.exitCode, 0>();
    // @ts-expect-error: a success has no reason
    result.reason;
  } else {
    same<typeof result.reason, "nonzero" | "timeout" | "canceled">();
    // @ts-expect-error: not every failure has an exit code
    result.exitCode;
    switch (result.reason) {
      case "nonzero":
        same<typeof result.exitCode, number>();
        same<typeof result.signal, SignalName | undefined>();
        break;
      case "timeout":
      case "canceled":
        // @ts-expect-error: what was ended has no exit code of its own
        result.exitCode;
        break;
      default:
        same<typeof result, never>();
    }
  }
  same<typeof result.output, string>();
  same<typeof result.teeError, ExecError | undefined>();
  // @ts-expect-error: a result is not to be changed
  result.output = "";
  same<Awaited<ReturnType<typeof run>>, RunResult>();
  same<Awaited<ReturnType<ReturnType<typeof createRunner>["run"]>>, RunResult>();
}

export function events(event: ExecEvent): void {
  switch (event.type) {
    case "exit":
      same<typeof event.exitCode, number>();
      same<typeof event.durationMs, number>();
      break;
    case "denied":
      same<typeof event.resource, string>();
      // @ts-expect-error: what was denied has no exit code
      event.exitCode;
      break;
    case "spawn":
    case "timeout":
    case "canceled":
    case "killed":
      break;
    default:
      same<typeof event, never>();
  }
  same<typeof event.time, number>();
  // @ts-expect-error: events carry no environment
  event.env;
}

export function errors(caught: unknown): void {
  // @ts-expect-error: what is caught is not known to be anything
  caught.reason;
  if (!isExecError(caught)) return;
  same<typeof caught, ExecError>();
  same<typeof caught.kind, ExecErrorKind>();
  same<typeof caught.reason, string>();
  same<typeof caught.retryable, boolean>();
  same<typeof caught.output, Output | undefined>();
  const known: ExecErrorReason = "timed_out";
  new ExecError(known, "late");
  // Backends have words of their own.
  new ExecError("engine_on_fire", "hot");
  // @ts-expect-error: an error has a message
  new ExecError("timed_out");
  // @ts-expect-error: there are eight kinds
  new ExecError("timed_out", "late", { kind: "LATE" });
}

export async function processes(): Promise<void> {
  same<typeof child.state, ProcessState>();
  same<ProcessState, "created" | "running" | "exited" | "closed">();
  same<typeof child.exitStatus, ExitStatus | undefined>();
  same<typeof child.pid, number | undefined>();
  same<Awaited<ReturnType<Process["wait"]>>, number>();
  same<Awaited<ReturnType<Process["close"]>>, boolean>();
  // @ts-expect-error: argv is a frozen copy
  child.argv.push("more");
  // @ts-expect-error: a state is the process's own
  child.state = "closed";
  // @ts-expect-error: there is no such signal
  await child.signal("SIGNOTHING");
  await child.signal("SIGTERM");
  await child.signal(15);
  // @ts-expect-error: bytes or text
  await child.writeStdin([1, 2, 3]);
  // @ts-expect-error: no await using of what is not disposable
  const wrong: AsyncDisposable = {};
  const disposables: AsyncDisposable[] = [child, stream, executor, wrong];
  await Promise.all(disposables.map((each) => each[Symbol.asyncDispose]()));
}

export async function streams(): Promise<void> {
  same<Awaited<ReturnType<Stream["read"]>>, Uint8Array | null>();
  for await (const chunk of stream) same<typeof chunk, Uint8Array>();
  for await (const line of stream.lines()) same<typeof line, string>();
  // @ts-expect-error: a size is a number
  await stream.read("4096");
  // @ts-expect-error: no such option
  stream.lines({ preventclose: true });
  // @ts-expect-error: at the end there are no bytes
  (await stream.read()).length;
}

export async function executors(): Promise<void> {
  const output = await executor.output(["git", "status"] as const, { check: true, input: "text" });
  same<typeof output.stdout, Uint8Array>();
  same<typeof output.signal, SignalName | undefined>();
  // @ts-expect-error: a command is a string or words
  await executor.output(["kill", 9]);
  // @ts-expect-error: a command is needed
  await executor.output();
  // @ts-expect-error: a misspelled option must not be lost in silence
  await executor.output("ls", { timeOut: 1000 });
  // @ts-expect-error: time is in ms, as a number
  await executor.output("ls", { timeout: "1s" });
  // @ts-expect-error: an input is for output, not for spawn, which has writeStdin
  await executor.spawn("ls", { input: "x" });
  // @ts-expect-error: there are three things to connect to
  await executor.spawn("ls", { stdout: "ignore" });
  // @ts-expect-error: a number is no value of a variable
  await executor.output("ls", { env: { PORT: 80 } });
  const env: Env = { REMOVED: undefined, SET: "x" };
  createExecutor({ env, cwd: new URL("file:///"), commandWhitelist: ["git status", ["git", "log"]] });
  // @ts-expect-error: null must not stand for "no list"
  createExecutor({ commandWhitelist: null });
  // @ts-expect-error: a policy answers true or false
  createExecutor({ policy: () => "yes" });
  // @ts-expect-error: a backend starts processes
  createExecutor({ backend: { name: "none" } });
  const clock: Clock = {
    now: Date.now,
    setTimeout,
    clearTimeout: (handle) => clearTimeout(handle as number),
  };
  createExecutor({ clock, backend: nodeBackend() });
  // @ts-expect-error: an executor is released, not closed
  await executor.close();
}

export async function registries(): Promise<void> {
  const policy: Policy = ({ action, argv, resource }) => {
    same<typeof action, "exec.get" | "exec.run">();
    same<typeof argv, readonly string[] | undefined>();
    return resource !== "";
  };
  const registry = createRegistry({ policy: allOf(policy) });
  registry.define("app:exec", { kind: "exec.native", defaultEnv: { PATH: "/bin" } });
  // @ts-expect-error: a definition has a kind
  registry.define("app:exec", { defaultWorkDir: "/" });
  same<Awaited<ReturnType<typeof registry.get>>, Executor>();
  // @ts-expect-error: an id is a string
  await registry.get(7);
  // @ts-expect-error: a kind makes executors
  registerKind("exec.mine", { parse: (config: unknown) => config });
  // @ts-expect-error: a policy is a function
  allOf(true);
}

export async function runners(): Promise<void> {
  // @ts-expect-error: a run has a working directory
  await run("ls", {});
  // @ts-expect-error: a run takes one text, no words
  await run(["ls"], { cwd: "/" });
  // @ts-expect-error: a tee takes bytes
  await run("ls", { cwd: "/", tee: new WritableStream<string>() });
  const shell: Shell = ["/bin/sh", ["-c"]];
  await run("ls", { cwd: "/", shell, onOutput: (text) => same<typeof text, string>() });
  same<Awaited<ReturnType<typeof resolveShell>>, Shell>();
  same<ReturnType<typeof split>, string[]>();
  same<ReturnType<typeof quote>, string>();
  // @ts-expect-error: words, not a string: it would be quoted letter by letter
  quote("ls -l");
}

export function backends(request: SpawnRequest): Backend[] {
  // @ts-expect-error: what is asked for is not the backend's to change
  request.argv.push("more");
  // @ts-expect-error: nor is the environment
  request.env["PATH"] = "";
  return [
    nodeBackend(),
    denoBackend(),
    fakeBackend(),
    recordBackend({ cassette: "x.json" }),
    replayBackend({ cassette: "x.json" }),
  ];
}
