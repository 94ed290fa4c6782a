// @ts-ignore: no types of Bun are installed here.
import { describe, it } from "bun:test";
import { conformance } from "../../src/testing/mod.ts";
import { declared, makeBackend, options } from "./backend.ts";

declared(conformance("bun test", makeBackend, { describe, it }, options));
