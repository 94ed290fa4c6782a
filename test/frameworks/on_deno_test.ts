import { conformance } from "../../src/testing/mod.ts";
import { declared, makeBackend, options } from "./backend.ts";

// @ts-ignore: no types of Deno are installed for the other runtimes.
const { test } = Deno;

// What @std/testing/bdd does, without a download: names instead of groups.
const names: string[] = [];
const describe = (name: string, body: () => void) => {
  names.push(name);
  body();
  names.pop();
};
const it = (name: string, body: () => Promise<void>) => test([...names, name].join(" > "), body);

declared(conformance("deno test", makeBackend, { describe, it }, options));
