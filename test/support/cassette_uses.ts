/**
 * Uses of commands that are recorded, and played on any runtime.
 * @module
 */
import { type Backend, createExecutor, type ExecError, run } from "../../mod.ts";

/** Takes the secret out of what is recorded. */
export const redact = (text: string): string => text.replaceAll("s3cret", "***");

/** Uses of commands, each told as data that can be compared. */
export const USES: Readonly<Record<string, (backend: Backend, directory: string) => Promise<unknown>>> = {
  "a command and its environment": async (backend) =>
    (await createExecutor({ backend }).output("echo hello", { env: { TOKEN: "s3cret" } })).stdoutText(),
  "input to its end": async (backend) =>
    (await createExecutor({ backend }).output("sort", { input: "b\ns3cret\na\n" })).stdoutText().replace(
      "s3cret",
      "***",
    ),
  "a dialogue": async (backend) => {
    const cat = await createExecutor({ backend }).spawn("cat");
    const lines = cat.stdoutStream().lines()[Symbol.asyncIterator]();
    const seen: unknown[] = [];
    for (const line of ["one", "two"]) {
      await cat.writeStdin(`${line}\n`);
      seen.push((await lines.next()).value);
    }
    await cat.closeStdin();
    return [...seen, await cat.wait()];
  },
  "bytes that are no text": async (backend) =>
    Array.from((await createExecutor({ backend }).output(["printf", "\\377\\000\\n"])).stdout),
  "a start that failed": async (backend) =>
    await createExecutor({ backend }).output("no-such-command-here").catch((
      { kind, reason }: ExecError,
    ) => [kind, reason]),
  "death by a signal": async (backend) =>
    (await createExecutor({ backend }).output(["sh", "-c", "kill -9 $$"])).signal,
  "a timeout": async (backend) =>
    await createExecutor({ backend }).output(["sh", "-c", "echo part; exec sleep 30"], { timeout: 400 })
      .catch(({ reason, output }: ExecError) => [reason, output?.stdoutText()]),
  "a descendant that holds the pipe": async (backend) => {
    const { complete, stdoutText } = await createExecutor({ backend }).output([
      "sh",
      "-c",
      "echo hi; sleep 30 & exit 0",
    ]);
    return [stdoutText(), complete];
  },
  "a directory of this machine": async (backend, directory) => {
    const { stdoutText } = await createExecutor({ backend, cwd: directory }).output("pwd -P");
    return stdoutText().replace(directory, "here");
  },
  "a run, in its order": async (backend, directory) => {
    const executor = createExecutor({ backend });
    const { durationMs: _, ...result } = await run("echo a; echo b >&2; echo c; exit 4", {
      cwd: directory,
      executor,
    });
    return result;
  },
};
