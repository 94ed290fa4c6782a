// flags: none

/** The global `Deno` in a proxy that notes what is read of it while `action` runs. */
async function readsOfDeno(action: () => Promise<unknown>): Promise<string[]> {
  const reads: string[] = [];
  const runtime = Deno;
  const global = Object.getOwnPropertyDescriptor(globalThis, "Deno")!;
  const watched = new Proxy({}, {
    get(_, name) {
      reads.push(String(name));
      return Reflect.get(runtime, name);
    },
  });
  Object.defineProperty(globalThis, "Deno", { ...global, value: watched });
  try {
    await action();
  } finally {
    Object.defineProperty(globalThis, "Deno", global);
  }
  return reads;
}

Deno.test("importing the package asks for no permission and touches nothing of the runtime", async () => {
  let names: string[] = [];
  // This process has no permission at all and never asks: whatever needs one throws here.
  const reads = await readsOfDeno(async () => names = Object.keys(await import("../../mod.ts")));
  if (reads.length > 0) throw new Error(`mod.ts reads ${reads.map((name) => `Deno.${name}`).join(", ")}`);
  if (!names.includes("createExecutor")) throw new Error(`mod.ts exports only ${names.join(", ")}`);
});

Deno.test("making an executor asks for no permission", async () => {
  const { createExecutor } = await import("../../mod.ts");
  await createExecutor().release();
});
