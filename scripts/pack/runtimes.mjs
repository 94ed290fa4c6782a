/** Runs the users' programs on every runtime. */
import { join } from "node:path";
import { capture } from "./capture.mjs";
import { entryPoints } from "./contents.mjs";
import { check, expect, expectSame } from "./report.mjs";

/** How to run a program on a runtime, with all permissions or, where there are such, none. */
function commands({ name, path }) {
  if (name === "deno") {
    const run = [path, "run", "--no-prompt", "--node-modules-dir=manual"];
    return { free: [...run, "-A"], bare: run };
  }
  return { free: [path], bare: [path] };
}

/** Checks a package on one runtime; answers what each entry point exports there. */
export async function checkRuntime(packageName, runtime, { consumer, lean }) {
  const { free, bare } = commands(runtime);
  const title = (what) => `${packageName} on ${runtime.name}: ${what}`;
  const runIn = async (cwd, argv) => {
    const { code, stdout, text } = await capture(argv, { cwd });
    expect(code === 0, `exit code ${code}\n${text.trim()}`);
    return stdout.trim();
  };
  let names;
  await check(title("import and require() of every entry point, a command on every backend"), async () => {
    names = JSON.parse(await runIn(consumer, [...free, "uses.mjs", ...entryPoints]));
    expectSame(Object.keys(names), entryPoints, "entry points");
  });
  await check(title("a CommonJS program"), async () => {
    expectSame(await runIn(consumer, [...free, "requires.cjs"]), "required", "output");
  });
  await check(title('"." loads no backend and no other package, and asks for no permission'), async () => {
    expectSame(await runIn(lean, [...bare, join(lean, "lean.mjs")]), "ExecError", "output");
  });
  return names;
}
