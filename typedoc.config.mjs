import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("deno.json", import.meta.url), "utf8"));

/** The pages of the API, by `npm run docs`: what is missing, not exported or a broken link is an error. */
export default {
  name: "polyspawn",
  entryPoints: Object.values(exports),
  out: "docs/api",
  readme: "README.md",
  // Links to the sources need a remote that not every checkout has.
  disableSources: true,
  // The types have a check of their own, which is not held up by a test that is being written.
  skipErrorChecking: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  requiredToBeDocumented: [
    "Module",
    "Variable",
    "Function",
    "Class",
    "Interface",
    "Constructor",
    "Property",
    "Method",
    "Accessor",
    "TypeAlias",
  ],
};
