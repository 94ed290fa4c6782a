/**
 * Configuration: the forms it may have.
 */
import { describe, expect, it } from "vitest";
import { configSchema } from "../mod.ts";
import { violations } from "./support/json_schema.ts";
import { failure } from "./support/outcome.ts";
import { load, registry, requestOf } from "./support/scripted_registry.ts";

describe("a configuration", () => {
  const camel = {
    kind: "exec.native",
    defaultWorkDir: "/srv",
    defaultEnv: { A: "1" },
    commandWhitelist: ["tool"],
  };
  const snake = {
    kind: "exec.native",
    default_work_dir: "/srv",
    default_env: { A: "1" },
    command_whitelist: [["tool"]],
  };

  it.each<[form: string, definitions: unknown]>([
    ["definitions by id", { "app:one": camel, "app:two": snake }],
    ["definitions by id, with a schema", {
      $schema: "./config.schema.json",
      "app:one": camel,
      "app:two": snake,
    }],
    ["a group", { namespace: "app", entries: [{ name: "one", ...snake }, { name: "two", ...camel }] }],
    ["an array of definitions", [{ id: "app:one", ...camel }, { id: "app:two", ...snake }]],
    ["an array of a definition and a group", [
      { id: "app:one", ...snake },
      { $schema: "x", namespace: "app", entries: [{ ...camel, name: "two" }] },
    ]],
  ])("may be %s, and keys may be in camelCase or snake_case", async (_, definitions) => {
    const on = registry();
    expect(load(on.registry, JSON.parse(JSON.stringify(definitions)))).toEqual(["app:one", "app:two"]);
    expect(on.registry.ids()).toEqual(["app:one", "app:two"]);
    for (const id of on.registry.ids()) {
      expect(await requestOf(on, id)).toMatchObject({ cwd: "/srv", env: { A: "1" }, inheritEnv: false });
      expect(await failure((await on.registry.get(id)).exec("other"))).toMatchObject({
        reason: "command_not_allowed",
      });
    }
    expect(violations(configSchema, definitions)).toEqual([]);
  });

  it("may say nothing but a kind", async () => {
    const on = registry();
    on.registry.load({ "app:exec": { kind: "exec.native" } });
    const request = await requestOf(on, "app:exec");
    expect(request).toMatchObject({ env: {}, inheritEnv: false });
    expect(request).not.toHaveProperty("cwd");
  });

  it.each([[{}], [[]], [{ namespace: "app", entries: [] }], [{ $schema: "x" }]])(
    "may be empty: %j",
    (definitions) => {
      expect(load(registry().registry, definitions)).toEqual([]);
      expect(violations(configSchema, definitions)).toEqual([]);
    },
  );

  it("may be loaded in parts", () => {
    const on = registry().registry;
    on.load({ "a:b": { kind: "exec.native" } });
    on.load({ namespace: "a", entries: [{ name: "c", kind: "exec.native" }] });
    expect(on.ids()).toEqual(["a:b", "a:c"]);
  });

  it("may leave a field undefined, as code does", async () => {
    const on = registry();
    on.registry.define("app:exec", { kind: "exec.native", defaultEnv: undefined, defaultWorkDir: undefined });
    expect(await requestOf(on, "app:exec")).toMatchObject({ env: {} });
  });

  it("is not changed by later changes to the object", async () => {
    const on = registry();
    const definition = {
      kind: "exec.native",
      defaultEnv: { A: "1" },
      commandWhitelist: [["tool"]],
      defaultWorkDir: "/srv",
    };
    on.registry.define("app:exec", definition);
    definition.defaultEnv.A = "2";
    definition.defaultWorkDir = "/";
    definition.commandWhitelist[0]![0] = "other";
    definition.commandWhitelist.push(["more"]);
    expect(await requestOf(on, "app:exec")).toMatchObject({ cwd: "/srv", env: { A: "1" } });
    for (const command of ["other", "more"]) {
      expect(await failure(requestOf(on, "app:exec", command))).toMatchObject({
        reason: "command_not_allowed",
      });
    }
  });
});
