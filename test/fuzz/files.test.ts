/**
 * What comes from files: definitions and cassettes. Whatever they hold, nothing but an ExecError comes of it.
 */
import fc from "fast-check";
import { it } from "vitest";
import { parseDefinitions } from "../../src/definitions.ts";
import { isExecError } from "../../src/errors.ts";
import { fromText, toText } from "../../src/testing/cassette/format.ts";
import { parameters } from "../support/fuzz.ts";

const timeout = 1_800_000;

/** Whether a call gives an answer or an ExecError of the kind INVALID. */
function orInvalid(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    return isExecError(error) && ["INVALID", "ALREADY_EXISTS"].includes(error.kind);
  }
}

const odd = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true }),
  fc.constant("exec.native"),
  fc.string(),
);
const definition = fc.record({
  kind: fc.oneof({ weight: 4, arbitrary: fc.constant("exec.native") }, { weight: 1, arbitrary: odd }),
  id: fc.oneof(fc.constantFrom("app:exec", "app:", ":", "", "a:b:c", "__proto__:constructor"), odd),
  name: odd,
  defaultWorkDir: fc.oneof(fc.string(), odd),
  defaultEnv: fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), odd)), odd),
  commandWhitelist: fc.oneof(fc.array(fc.oneof(fc.string(), fc.array(fc.string()), odd)), odd),
  [`__proto__`]: odd,
}, { requiredKeys: [] });
const definitions = fc.oneof(
  fc.dictionary(
    fc.oneof(fc.constantFrom("app:exec", "x:y", "__proto__"), fc.string()),
    fc.oneof(definition, odd),
  ),
  fc.array(fc.oneof(definition, odd)),
  fc.record({ namespace: fc.oneof(fc.constant("app"), odd), entries: fc.oneof(fc.array(definition), odd) }),
  odd,
);

it("no definitions make anything but an answer or an ExecError", { timeout }, () => {
  fc.assert(fc.property(definitions, (value) => orInvalid(() => parseDefinitions(value))), parameters);
});

const cassette = {
  calls: [
    {
      argv: ["git", "status"],
      cwd: "/",
      env: { A: "b", C: null },
      inheritEnv: true,
      events: [{ stdin: "in" }, { stdinEnd: true as const }, { stdout: ["one\n", "two"] }, {
        stderr: { base64: "/wA=" },
      }],
      exit: { code: 0 },
    },
    {
      argv: ["none"],
      inheritEnv: false,
      error: { kind: "NOT_FOUND" as const, reason: "command_not_found", message: "no" },
    },
    {
      argv: ["sleep"],
      inheritEnv: true,
      events: [{ signal: "SIGTERM" as const }],
      exit: { signal: "SIGTERM" as const },
    },
  ],
};
const text = toText(cassette);

/** A way into a value, and what is put there instead. */
const changes = fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.jsonValue()), {
  minLength: 1,
  maxLength: 3,
});

function changed(value: unknown, [at, ...rest]: number[], to: unknown): unknown {
  if (at === undefined || typeof value !== "object" || value === null) return to;
  const keys = Object.keys(value);
  if (keys.length === 0) return to;
  const key = keys[at % keys.length]!;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

it("no file makes anything but a cassette or an ExecError", { timeout }, () => {
  const cut = fc.tuple(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 5 }))
    .map(([at, size, put]) => text.slice(0, at) + put + text.slice(at + size));
  const edited = changes.map((list) =>
    JSON.stringify(list.reduce((value, [path, to]) => changed(value, path, to), JSON.parse(text) as unknown))
  );
  fc.assert(
    fc.property(
      fc.oneof(cut, edited, fc.json(), fc.string()),
      (file) => orInvalid(() => fromText(file, "fuzz.json")),
    ),
    parameters,
  );
});
