import process from "node:process";

/** The peers, each called as its documentation shows it, with an empty stdin and both outputs collected. */
const peers = {
  execa: async () => {
    // Version 10 runs on Node 22 and later.
    const old = process.versions.node.startsWith("20.") && !process.versions.bun;
    const { execa } = await import(old ? "execa-9" : "execa");
    return {
      collect: async ([file, ...args]) => (await execa(file, args, { stdin: "ignore" })).stdout.length,
      collectMerged: async ([file, ...args]) =>
        (await execa(file, args, { stdin: "ignore", all: true })).all.length,
      lines: ([file, ...args]) => countLines(execa(file, args, { stdin: "ignore", buffer: false })),
      feedOnce: async ([file, ...args], input) => void await execa(file, args, { input }),
    };
  },
  "nano-spawn": async () => {
    const { default: spawn } = await import("nano-spawn");
    return {
      collect: async ([file, ...args]) => (await spawn(file, args, { stdin: "ignore" })).stdout.length,
      lines: ([file, ...args]) => countLines(spawn(file, args, { stdin: "ignore" })),
    };
  },
  tinyexec: async () => {
    const { x } = await import("tinyexec");
    const nodeOptions = { stdio: ["ignore", "pipe", "pipe"] };
    return {
      collect: async ([file, ...args]) => (await x(file, args, { nodeOptions })).stdout.length,
      lines: ([file, ...args]) => countLines(x(file, args, { nodeOptions })),
    };
  },
  // It always goes through a shell.
  zx: async () => {
    const { $ } = await import("zx");
    const quiet = $({ quiet: true, stdio: ["ignore", "pipe", "pipe"] });
    return {
      collect: async (argv) => (await quiet`${argv}`).stdout.length,
      lines: (argv) => countLines(quiet`${argv}`),
    };
  },
  // It has a shell of its own, with a `true` built in: so the command is given by its path.
  dax: async () => {
    const { $ } = await import("dax");
    return {
      collect: async (argv) =>
        (await $`${argv.map(byPath)}`.stdin("null").stdout("piped").stderr("piped").quiet()).stdoutBytes
          .length,
    };
  },
};

const byPath = (word) => word === "true" ? "/bin/true" : word;

async function countLines(iterable) {
  let characters = 0;
  for await (const line of iterable) characters += line.length + 1;
  return characters;
}

export const loadPeer = (name) => peers[name]();
