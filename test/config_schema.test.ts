/**
 * The JSON Schema of configurations and the checks of the registry, held against each other.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema, ExecError } from "../mod.ts";
import { violations } from "./support/json_schema.ts";
import { load, registry } from "./support/scripted_registry.ts";

describe("whatever definitions hold", () => {
  /** Near enough to what is right that every check is reached. */
  const field = fc.constantFrom(
    "defaultEnv",
    "default_env",
    "defaultWorkDir",
    "default_work_dir",
    "commandWhitelist",
    "command_whitelist",
    "kind",
    "name",
    "id",
    "__proto__",
    "x",
  );
  const leaf = fc.oneof(
    fc.constantFrom("exec.native", "exec.docker", "a", "a:b", "", "it's", "\0"),
    fc.integer(),
    fc.constant(null),
    fc.boolean(),
  );
  const value: fc.Arbitrary<unknown> = fc.oneof(
    leaf,
    fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("A", "B=", "", "PATH"), leaf, { maxKeys: 3 }),
  );
  const definition = fc.tuple(fc.dictionary(field, value, { maxKeys: 3 }), fc.boolean())
    .map(([fields, isNative]) => isNative ? { ...fields, kind: "exec.native" } : fields);
  const named = (key: string, names: string[]) =>
    fc.tuple(definition, fc.constantFrom(...names)).map(([fields, name]) => ({ ...fields, [key]: name }));
  const group = fc.record({
    namespace: fc.oneof({ weight: 5, arbitrary: fc.constantFrom("a", "b") }, leaf),
    entries: fc.oneof(
      { weight: 5, arbitrary: fc.array(named("name", ["a", "b", "a b"]), { maxLength: 3 }) },
      value,
    ),
  }, { requiredKeys: ["namespace"] });
  const configuration: fc.Arbitrary<unknown> = fc.oneof(
    fc.dictionary(fc.constantFrom("a:b", "b:c", "entries", "x"), definition, { maxKeys: 3 }),
    group,
    fc.array(fc.oneof(named("id", ["a:b", "b:c", "x"]), group, value), { maxLength: 3 }),
    value,
  );

  const outcomeOf = (value: unknown): "loaded" | "refused" => {
    const on = registry().registry;
    try {
      const ids = load(on, value);
      expect(on.ids()).toEqual(ids);
      return "loaded";
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      expect(on.ids()).toEqual([]);
      return "refused";
    }
  };

  it("they are loaded whole or refused with an ExecError, and what is loaded the schema takes too", () => {
    let loaded = 0;
    fc.assert(
      fc.property(configuration, (value) => {
        if (outcomeOf(value) === "refused") return;
        loaded++;
        expect(violations(configSchema, value)).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
    expect(loaded).toBeGreaterThan(200);
  });

  it("also when they are anything at all", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withObjectString: true,
    });
    const inside = anything.map((each) => ({
      "a:b": { kind: "exec.native", defaultEnv: each, defaultWorkDir: each, commandWhitelist: each },
    }));
    fc.assert(
      fc.property(
        fc.oneof(anything, inside, anything.map((each) => [each])),
        (value) => void outcomeOf(value),
      ),
      { numRuns: 2_000 },
    );
  });

  it("also by define, whatever the id is", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.boolean(), (id, value, isNative) => {
        const on = registry().registry;
        const definition = isNative ? { kind: "exec.native", defaultEnv: value } : value;
        try {
          on.define((isNative ? "a:b" : id) as string, definition as never);
        } catch (error) {
          if (!(error instanceof ExecError)) throw error;
          expect(on.ids()).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the JSON Schema", () => {
  it("is in the package as a file, as fresh as the code", () => {
    const file = readFileSync(new URL("../config.schema.json", import.meta.url), "utf8");
    const remedy = "run scripts/make_config_schema.ts, which says how";
    expect(file, remedy).toBe(`${JSON.stringify(configSchema, null, 2)}\n`);
  });

  it("leaves kinds of one's own alone", () => {
    expect(violations(configSchema, { "a:b": { kind: "acme.remote", anything: [1, {}] } })).toEqual([]);
  });

  it("describes every field under both of its names", () => {
    const definitions = configSchema["$defs"] as Record<string, { description?: string }>;
    const fields = Object.entries(definitions).filter(([name]) => name.startsWith("exec.native."));
    expect(fields.map(([name]) => name)).toEqual([
      "exec.native.defaultWorkDir",
      "exec.native.defaultEnv",
      "exec.native.commandWhitelist",
    ]);
    for (const [, { description }] of fields) expect(description).toMatch(/\.$/);
    expect(violations(configSchema, { "app:exec": { kind: "exec.native", default_work_dir: 7 } })).toEqual([
      "$.app:exec.default_work_dir",
    ]);
  });
});
