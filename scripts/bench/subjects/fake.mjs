/** How fast a test with faked processes goes. */
import { at, createExecutor } from "./polyspawn.mjs";

const { fakeBackend } = await import(at("src/testing/mod.js"));

const make = () => {
  const backend = fakeBackend().on("git status", { stdout: "clean\n" });
  return createExecutor({ backend });
};

export const subject = {
  sequential: async ({ count }) => {
    const executor = make();
    for (let i = 0; i < count; i++) await executor.output("git status");
    return count;
  },
  withInput: async ({ count }) => {
    const executor = make();
    for (let i = 0; i < count; i++) await executor.output("git status", { input: "some text\n" });
    return count;
  },
  concurrent: async ({ count, width }) => {
    const executor = make();
    let left = count;
    const worker = async () => {
      while (left-- > 0) await executor.output("git status");
    };
    await Promise.all(Array.from({ length: width }, worker));
    return count;
  },
};
