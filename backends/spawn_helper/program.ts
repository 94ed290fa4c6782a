/**
 * What the spawning helper runs: it starts what its host asks for, with the host's own sockets as their pipes, tells how
 * they end, and kills what is left when the host is gone.
 *
 * A text and no module: it has to reach a Node that can't read TypeScript, and to be found whatever became of the files
 * of this package.
 * @module
 */
import { WATCH_PROGRAM } from "./watch_program.ts";

/**
 * Plain JavaScript for `node -e`; its argument is a directory for the socket. Descriptor 3 is the host: lines come and go
 * on it. To the helper: `{ id, file, argv, cwd, env, umask, stdio }`, whose `stdio` names the streams that were connected
 * for it, or `null`; every other line is the watchdog's language. From it: `{ path, token }` once it listens, or
 * `{ failed }`; for each request `{ id, pid, startTime }` or `{ id, code, message }`; later `{ id, exit: [code, signal] }`.
 * A stream says first what it is: `TOKEN ID DESCRIPTOR`.
 */
export const SPAWN_HELPER_PROGRAM = `"use strict";
${WATCH_PROGRAM}
const { spawn } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const net = require("node:net");
const { join } = require("node:path");

/** How long a connection may take to say what it is, and a request to follow, in ms: a host can be busy. */
const LONGEST_HEADER = 30000;
/** How long to wait for a connection that was made before it was asked for, in ms. */
const LATEST_STREAM = 1000;

process.title = "polyspawn-helper";
// What a shell or a terminal sends to all is the host's to act upon.
for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"]) process.on(signal, () => {});

const directory = process.argv[1];
const path = join(directory, "s");
const token = randomBytes(16).toString("hex");
/** ID -> { request, streams }: what has come so far. */
const waiting = new Map();

const host = new net.Socket({ fd: 3, readable: true, writable: true });
let text = "";
host.setEncoding("utf8");
host.on("data", (chunk) => {
  const lines = (text + chunk).split("\\n");
  text = lines.pop();
  for (const line of lines) {
    if (line[0] === "{") ask(JSON.parse(line));
    else watch(line);
  }
});
host.on("end", end).on("error", end).on("close", end);

function tell(message) {
  host.write(JSON.stringify(message) + "\\n");
}

function end() {
  killLeft();
  watched.clear();
  process.exit();
}

process.on("exit", () => {
  for (const remove of [() => fs.unlinkSync(path), () => fs.rmdirSync(directory)]) {
    try {
      remove();
    } catch {
      // It was never there, or somebody else was faster.
    }
  }
});

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let header = "";
  const stranger = () => socket.destroy();
  const timer = setTimeout(stranger, LONGEST_HEADER);
  const read = (chunk) => {
    header += chunk.toString("latin1");
    const [given, id, descriptor] = header.split(" ");
    if (header.length > 100 || !token.startsWith(given.slice(0, token.length))) return stranger();
    if (!header.endsWith("\\n")) return;
    socket.off("data", read).off("end", stranger);
    clearTimeout(timer);
    socket.pause();
    if (given !== token) return stranger();
    const entry = entryOf(Number(id));
    entry.streams.set(Number(descriptor), socket);
    start(Number(id), entry);
  };
  socket.on("data", read).on("end", stranger).on("error", stranger).on("close", () => clearTimeout(timer));
});
server.on("error", (error) => tell({ failed: error.message }));
server.listen(path, () => tell({ path, token }));

function entryOf(id) {
  const known = waiting.get(id);
  if (known) return known;
  const entry = { request: undefined, streams: new Map() };
  // A host that could not connect all of the streams asks for nothing.
  entry.timer = setTimeout(() => give(id, entry), LONGEST_HEADER);
  waiting.set(id, entry);
  return entry;
}

function ask(request) {
  const entry = entryOf(request.id);
  entry.request = request;
  clearTimeout(entry.timer);
  if (start(request.id, entry)) return;
  // Its connections were made before: one that is not here by now was refused for want of descriptors. A timer can be
  // late, and then what has come in the meantime is seen only after it.
  setTimeout(() => setImmediate(() => setImmediate(() => {
    if (waiting.get(request.id) !== entry) return;
    give(request.id, entry);
    tell({ id: request.id, code: "EMFILE", message: "the helper got no descriptor for a stream" });
  })), LATEST_STREAM);
}

function give(id, entry) {
  waiting.delete(id);
  for (const stream of entry.streams.values()) stream.destroy();
}

function start(id, entry) {
  const { request, streams } = entry;
  if (!request || request.stdio.some((name) => name !== null && !streams.has(name))) return false;
  let child;
  try {
    process.umask(request.umask);
    child = spawn(request.file, request.argv.slice(1), {
      argv0: request.argv[0],
      cwd: request.cwd,
      env: request.env,
      stdio: request.stdio.map((name) => name === null ? "ignore" : streams.get(name)),
      detached: true,
    });
  } catch (error) {
    tell({ id, code: error.code, message: error.message });
  }
  if (child) follow(id, child);
  // The child has its own copies.
  give(id, entry);
  return true;
}

function follow(id, child) {
  const { pid } = child;
  let refused = (error) => tell({ id, code: error.code, message: error.message });
  child.on("error", (error) => refused(error));
  if (pid === undefined) return;
  refused = () => {};
  const key = "g" + pid;
  tell({ id, pid, startTime: started(key, pid) });
  child.once("exit", (code, signal) => {
    ended(key, pid);
    tell({ id, exit: [code, signal] });
  });
}
`;
