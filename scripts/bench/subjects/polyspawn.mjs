/** This package, as its README shows it; POLYSPAWN_BENCH says where the built package is. */
import process from "node:process";

const at = (path) => new URL(path, process.env.POLYSPAWN_BENCH).href;
const { createExecutor, createRegistry, createRunner } = await import(at("mod.js"));

const executor = createExecutor();
const cwd = "/";
const runner = createRunner({ cwd, timeout: 600_000 });
// Bash is no part of what is compared: a short command of a shell is what both sides run.
const shellRunner = createRunner({ cwd, shell: ["/bin/sh", ["-c"]] });

async function collect(argv, options) {
  const { stdout, stderr } = await executor.output(argv, options);
  return stdout.length + stderr.length;
}

async function read(argv, how, options) {
  const child = await executor.spawn(argv, { stdin: "null", stderr: "null", ...options });
  const result = await how(child.stdoutStream());
  await child.wait();
  return result;
}

async function count(stream) {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

async function countLines(stream) {
  let characters = 0;
  for await (const line of stream.lines()) characters += line.length + 1;
  return characters;
}

function teeTo() {
  let bytes = 0;
  const tee = new WritableStream({ write: (chunk) => void (bytes += chunk.length) });
  return { tee, bytes: () => bytes };
}

async function withBallastHelper() {
  const { nodeBackend } = await import(at("backends/node.js"));
  const backend = nodeBackend({ spawnHelper: true });
  const helped = createExecutor({ backend });
  return async (argv) => {
    const { stdout, stderr } = await helped.output(argv);
    return stdout.length + stderr.length;
  };
}

let helped;

export const subject = {
  collect: (argv) => collect(argv),
  collectMerged: (argv) => collect(argv, { mergeStderr: true }),
  collectHelped: async (argv) => await (helped ??= await withBallastHelper())(argv),
  runShell: async ([, , text]) => (await shellRunner.run(text)).totalBytes,
  forAwait: (argv) => read(argv, count),
  web: (argv) => read(argv, (stream) => count(stream.readable)),
  read: (argv) =>
    read(argv, async (stream) => {
      let bytes = 0;
      for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
        bytes += chunk.length;
      }
      return bytes;
    }),
  lines: (argv) => read(argv, countLines),
  unread: async (argv) => {
    const child = await executor.spawn(argv, { stdin: "null", stderr: "null" });
    await child.wait();
    return NaN;
  },
  merged: (argv) => read(argv, count, { mergeStderr: true, stderr: "pipe" }),
  run: async ([, , text]) => (await runner.run(text)).totalBytes,
  runWith: async ([, , text], maxOutput) => (await runner.run(text, { maxOutput })).totalBytes,
  tee: async ([, , text]) => {
    const { tee, bytes } = teeTo();
    await runner.run(text, { tee });
    return bytes();
  },
  feedChunks: async (argv, bytes, chunk) => {
    const child = await executor.spawn(argv, { stdout: "null", stderr: "null" });
    for (let sent = 0; sent < bytes; sent += chunk.length) await child.writeStdin(chunk);
    await child.closeStdin();
    await child.wait();
    return bytes;
  },
  feedOnce: async (argv, input) => {
    await executor.output(argv, { input });
    return input.length;
  },
};

export { at, createExecutor, createRegistry };
