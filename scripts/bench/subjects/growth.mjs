/** Work whose cost must not grow with something that should not matter to it. */
import { at, createExecutor, createRegistry, subject as polyspawn } from "./polyspawn.mjs";

const { fakeBackend } = await import(at("src/testing/mod.js"));
const executor = createExecutor();
/** What an earlier call set up, so that a round measures only the work. */
const prepared = new Map();

async function once(key, make) {
  if (!prepared.has(key)) prepared.set(key, await make());
  return prepared.get(key);
}

const COUNT = 1000;
const MIB = 2 ** 20;

export const subject = {
  processes: async ({ size }) => {
    await once(`live ${size}`, async () => {
      for (let i = 0; i < size; i++) await executor.spawn("sleep 1000", { stdin: "null" });
    });
    for (let i = 0; i < 50; i++) await executor.output(["true"]);
    return 50;
  },
  bytes: async ({ size }) => {
    const times = Math.max(1, Math.min(32, (64 * MIB) / size));
    for (let i = 0; i < times; i++) {
      await polyspawn.read(["dd", "if=/dev/zero", "bs=65536", `count=${size / 65536}`]);
    }
    return times * (size / MIB);
  },
  registered: async ({ size }) => {
    const registry = await once(`registry ${size}`, () => {
      const made = createRegistry();
      for (let i = 0; i < size; i++) made.define(`app:e${i}`, { kind: "exec.native" });
      return made;
    });
    for (let i = 0; i < COUNT; i++) {
      const handle = await registry.get(`app:e${i % size}`);
      await handle.release();
    }
    return COUNT;
  },
  whitelist: async ({ size }) => {
    const allowed = await once(`whitelist ${size}`, () => {
      const commandWhitelist = Array.from({ length: size }, (_, i) => `git show ${i}`);
      const backend = fakeBackend().on(() => true, { stdout: "" });
      return createExecutor({ backend, commandWhitelist });
    });
    for (let i = 0; i < COUNT; i++) await allowed.output(["git", "show", String(i % size)]);
    return COUNT;
  },
};
