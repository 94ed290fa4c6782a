/** The bare `node:child_process`, as a careful user writes it; for Node, and for Bun's and Deno's own of that name. */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { countLines, teeInto } from "./by_hand.mjs";

const start = ([file, ...args], { stdin = "ignore", stderr = "pipe", ...options } = {}) =>
  spawn(file, args, { stdio: [stdin, "pipe", stderr], ...options });

const closed = (child) =>
  new Promise((resolve, reject) => child.once("error", reject).once("close", (code) => resolve(code)));

async function collect(argv, options) {
  const child = start(argv, options);
  const [stdout, stderr] = [[], []];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  await closed(child);
  return Buffer.concat(stdout).length + Buffer.concat(stderr).length;
}

async function data(argv) {
  const child = start(argv, { stderr: "ignore" });
  let bytes = 0;
  child.stdout.on("data", (chunk) => bytes += chunk.length);
  await closed(child);
  return bytes;
}

async function forAwait(argv) {
  const child = start(argv, { stderr: "ignore" });
  const end = closed(child);
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  await end;
  return bytes;
}

/** Has a function take the chunks. */
async function through(argv, how) {
  const child = start(argv, { stderr: "ignore" });
  const end = closed(child);
  const result = await how(child.stdout);
  await end;
  return result;
}

async function web(argv) {
  const child = start(argv, { stderr: "ignore" });
  const end = closed(child);
  let bytes = 0;
  for await (const chunk of Readable.toWeb(child.stdout)) bytes += chunk.length;
  await end;
  return bytes;
}

async function lines(argv) {
  const child = start(argv, { stderr: "ignore" });
  const end = closed(child);
  let count = 0;
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
    count += line.length + 1;
  }
  await end;
  return count;
}

/** The fastest by hand: a decoder and split, without an iterator. */
async function splitLines(argv) {
  const child = start(argv, { stderr: "ignore" });
  let count = 0;
  let rest = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    for (const line of parts) count += line.length + 1;
  });
  await closed(child);
  return count + rest.length;
}

async function feedChunks(argv, bytes, chunk) {
  const child = start(argv, { stdin: "pipe" });
  child.stdout.resume();
  child.stderr.resume();
  const end = closed(child);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!child.stdin.write(chunk)) await new Promise((resolve) => child.stdin.once("drain", resolve));
  }
  child.stdin.end();
  await end;
  return bytes;
}

async function feedOnce(argv, input, options) {
  const child = start(argv, { stdin: "pipe", ...options });
  child.stdout.resume();
  child.stderr.resume();
  const end = closed(child);
  child.stdin.end(input);
  await end;
  return input.length;
}

export const subject = {
  collect: (argv) => collect(argv),
  collectDetached: (argv) => collect(argv, { detached: true }),
  data,
  forAwait,
  web,
  lines,
  splitLines,
  iterateLines: (argv) => through(argv, countLines),
  tee: (argv) => through(argv, teeInto),
  feedChunks,
  feedOnce: (argv, input) => feedOnce(argv, input),
  feedOnceDetached: (argv, input) => feedOnce(argv, input, { detached: true }),
};
