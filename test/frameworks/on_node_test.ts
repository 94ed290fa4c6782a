import { describe, it } from "node:test";
import { conformance } from "../../src/testing/mod.ts";
import { declared, makeBackend, options } from "./backend.ts";

declared(conformance("node:test", makeBackend, { describe, it }, options));
