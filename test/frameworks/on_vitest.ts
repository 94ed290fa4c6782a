import { describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { declared, makeBackend, options } from "./backend.ts";

declared(conformance("vitest", makeBackend, { describe, it }, options));
