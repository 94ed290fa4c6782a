/** The bare `Bun.spawn`, as a careful user writes it. */
import { countLines, teeInto } from "./by_hand.mjs";

const start = (argv, options = {}) =>
  Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "pipe", ...options });

async function collect(argv, options) {
  const child = start(argv, options);
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.bytes(), child.exited]);
  return stdout.length + stderr.length;
}

async function reader(argv) {
  const child = start(argv, { stderr: "ignore" });
  const source = child.stdout.getReader();
  let bytes = 0;
  for (let next = await source.read(); !next.done; next = await source.read()) bytes += next.value.length;
  await child.exited;
  return bytes;
}

async function splitLines(argv) {
  const child = start(argv, { stderr: "ignore" });
  const decoder = new TextDecoder();
  let count = 0;
  let rest = "";
  for await (const chunk of child.stdout) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop();
    for (const line of parts) count += line.length + 1;
  }
  await child.exited;
  return count + rest.length;
}

/** Has a function take the chunks. */
async function through(argv, how) {
  const child = start(argv, { stderr: "ignore" });
  const result = await how(child.stdout);
  await child.exited;
  return result;
}

async function feed(argv, write, options) {
  const child = start(argv, { stdin: "pipe", stdout: "ignore", stderr: "ignore", ...options });
  await write(child.stdin);
  await child.stdin.end();
  await child.exited;
}

export const subject = {
  collect: (argv) => collect(argv),
  collectDetached: (argv) => collect(argv, { detached: true }),
  reader,
  splitLines,
  iterateLines: (argv) => through(argv, countLines),
  tee: (argv) => through(argv, teeInto),
  feedChunks: async (argv, bytes, chunk) => {
    await feed(argv, async (sink) => {
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        sink.write(chunk);
        await sink.flush();
      }
    });
    return bytes;
  },
  feedOnce: async (argv, input, options) => {
    await feed(argv, (sink) => sink.write(input), options);
    return input.length;
  },
  feedOnceDetached: (argv, input) => subject.feedOnce(argv, input, { detached: true }),
};
