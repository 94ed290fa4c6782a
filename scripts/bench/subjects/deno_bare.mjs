/** The bare `Deno.Command`, as a careful user writes it. */
import { countLines, teeInto } from "./by_hand.mjs";

const start = ([file, ...args], options = {}) =>
  new Deno.Command(file, { args, stdin: "null", stdout: "piped", stderr: "piped", ...options }).spawn();

async function collect(argv, options) {
  const { stdout, stderr } = await start(argv, options).output();
  return stdout.length + stderr.length;
}

/** Without `output()`, which takes no detached child. */
async function collectDetached(argv) {
  const child = start(argv, { detached: true });
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.bytes(), child.status]);
  return stdout.length + stderr.length;
}

async function reader(argv) {
  const child = start(argv, { stderr: "null" });
  const source = child.stdout.getReader();
  let bytes = 0;
  for (let next = await source.read(); !next.done; next = await source.read()) bytes += next.value.length;
  await child.status;
  return bytes;
}

/** Reads into memory of its own; `next` says what becomes of it after each read. */
async function byob(argv, next) {
  const child = start(argv, { stderr: "null" });
  const source = child.stdout.getReader({ mode: "byob" });
  let bytes = 0;
  let { done, value } = await source.read(new Uint8Array(65536));
  while (!done) {
    bytes += value.length;
    ({ done, value } = await source.read(next(value)));
  }
  await child.status;
  return bytes;
}

async function splitLines(argv) {
  const child = start(argv, { stderr: "null" });
  const decoder = new TextDecoder();
  let count = 0;
  let rest = "";
  for await (const chunk of child.stdout) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop();
    for (const line of parts) count += line.length + 1;
  }
  await child.status;
  return count + rest.length;
}

/** Has a function take the chunks. */
async function through(argv, how) {
  const child = start(argv, { stderr: "null" });
  const result = await how(child.stdout);
  await child.status;
  return result;
}

async function feed(argv, write, options) {
  const child = start(argv, { stdin: "piped", stdout: "null", stderr: "null", ...options });
  const writer = child.stdin.getWriter();
  await write(writer);
  await writer.close();
  await child.status;
}

export const subject = {
  collect: (argv) => collect(argv),
  collectDetached,
  reader,
  byob: (argv) => byob(argv, ({ buffer }) => new Uint8Array(buffer)),
  byobNew: (argv) => byob(argv, () => new Uint8Array(65536)),
  splitLines,
  iterateLines: (argv) => through(argv, countLines),
  tee: (argv) => through(argv, teeInto),
  feedChunks: async (argv, bytes, chunk) => {
    await feed(argv, async (writer) => {
      for (let sent = 0; sent < bytes; sent += chunk.length) await writer.write(chunk);
    });
    return bytes;
  },
  feedOnce: async (argv, input, options) => {
    await feed(argv, (writer) => writer.write(input), options);
    return input.length;
  },
  feedOnceDetached: (argv, input) => subject.feedOnce(argv, input, { detached: true }),
};
