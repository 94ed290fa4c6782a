// flags: --allow-sys=inspector
import { Session } from "node:inspector";

/** The scripts the engine has loaded, as its debugger sees them. */
class LoadedScripts implements Disposable {
  readonly #session = new Session();
  readonly #urls = new Set<string>();

  async watch() {
    this.#session.connect();
    this.#session.on("Debugger.scriptParsed", ({ params }: { params: { url: string } }) => {
      this.#urls.add(params.url);
    });
    await new Promise((resolve) => this.#session.post("Debugger.enable", resolve));
    this.take();
  }

  /** What was loaded since the last call; files of this project by their path in it. */
  take(): string[] {
    const root = new URL("../..", import.meta.url).href;
    const urls = [...this.#urls];
    this.#urls.clear();
    return urls.map((url) => url.replace(root, ""));
  }

  [Symbol.dispose]() {
    this.#session.disconnect();
  }
}

Deno.test("importing the package loads no backend and nothing outside of it", async () => {
  using scripts = new LoadedScripts();
  await scripts.watch();

  await import("../../mod.ts");
  const loaded = scripts.take();
  if (!loaded.includes("mod.ts")) throw new Error(`The debugger has not seen mod.ts: ${loaded.join(", ")}`);
  const strangers = loaded.filter((path) => !/^(mod\.ts$|src\/|backends\/(default|room)\.ts$)/.test(path));
  if (strangers.length > 0) throw new Error(`Importing mod.ts has loaded ${strangers.join(", ")}`);

  // Only if a backend is seen when one is loaded does its absence above mean anything.
  await import("../../backends/deno.ts");
  const later = scripts.take();
  if (!later.includes("backends/deno.ts")) {
    throw new Error(`The debugger saw no backend: ${later.join(", ")}`);
  }
});
