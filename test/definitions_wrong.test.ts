/**
 * A wrong configuration: what is said of it, and that nothing of it takes effect.
 */
import { describe, expect, it } from "vitest";
import { configSchema } from "../mod.ts";
import { violations } from "./support/json_schema.ts";
import { failure } from "./support/outcome.ts";
import { load, registry } from "./support/scripted_registry.ts";

const native = { kind: "exec.native" };
const byId = (fields: object) => ({ "app:exec": { ...native, ...fields } });
const third = (fields: object) => ({
  namespace: "app",
  entries: [{ name: "a", ...native }, { name: "b", ...native }, { name: "c", ...native, ...fields }],
});

/** [configuration, message, reason unless it is invalid_option, true where the schema can't tell]. */
const WRONG: [definitions: unknown, message: string, reason?: string, beyondSchema?: true][] = [
  [third({ commandWhitelist: [7] }), "entries[2].commandWhitelist[0]: expected a string, got 7"],
  [
    third({ commandWhitelist: ["a", ["b", 7]] }),
    "entries[2].commandWhitelist[1][1]: expected a string, got 7.",
  ],
  [
    third({ commandWhitelist: "git" }),
    `entries[2].commandWhitelist: expected an array of commands, got "git"`,
  ],
  [third({ command_whitelist: [null] }), "entries[2].command_whitelist[0]: expected a string, got null"],
  [
    third({ commandWhitelist: [""] }),
    `entries[2].commandWhitelist[0]: Command "" is empty: name an executable`,
  ],
  [third({ commandWhitelist: [[]] }), "entries[2].commandWhitelist[0]: Command [] is empty"],
  [
    byId({ commandWhitelist: [" "] }),
    `["app:exec"].commandWhitelist[0]: Command " " is empty`,
    undefined,
    true,
  ],
  [
    byId({ commandWhitelist: ["ls", "echo it's"] }),
    `["app:exec"].commandWhitelist[1]: Command "echo it's" has no closing quotation`,
    undefined,
    true,
  ],
  [
    byId({ commandWhitelist: null }),
    `["app:exec"].commandWhitelist: expected an array of commands, got null`,
  ],
  [byId({ defaultWorkDir: 7 }), `["app:exec"].defaultWorkDir: expected a string, got 7.`],
  [byId({ defaultWorkDir: "" }), `["app:exec"].defaultWorkDir: expected a string that is not empty`],
  [
    byId({ defaultWorkDir: "a\0" }),
    `["app:exec"].defaultWorkDir: must not contain a NUL character`,
    undefined,
    true,
  ],
  [
    byId({ defaultEnv: [] }),
    `["app:exec"].defaultEnv: expected an object of names and values, got an array.`,
  ],
  [
    byId({ defaultEnv: { PORT: 8080 } }),
    `["app:exec"].defaultEnv.PORT: expected a string, got a number: put it in quotes.`,
  ],
  [byId({ defaultEnv: { A: null } }), `["app:exec"].defaultEnv.A: expected a string, got null`],
  [
    byId({ default_env: { "A B": true } }),
    `["app:exec"].default_env["A B"]: expected a string, got a boolean`,
  ],
  [byId({ defaultEnv: { "": "x" } }), `["app:exec"].defaultEnv: the name "" must not be empty`],
  [
    byId({ defaultEnv: { "A=B": "x" } }),
    `["app:exec"].defaultEnv: the name "A=…" must not be empty or contain "="`,
  ],
  [
    byId({ defaultEnv: { A: "\0" } }),
    `["app:exec"].defaultEnv.A: must not contain a NUL character.`,
    undefined,
    true,
  ],
  [
    byId({ defaultEnv: { PATH: "bin:/bin" }, commandWhitelist: [] }),
    `["app:exec"].defaultEnv.PATH: needs absolute directories only beside a commandWhitelist`,
    undefined,
    true,
  ],
  [
    byId({ defaultEnv: { PATH: "/bin:" }, commandWhitelist: [] }),
    `["app:exec"].defaultEnv.PATH: needs absolute`,
    undefined,
    true,
  ],
  [
    byId({ default_env: {}, defaultEnv: {} }),
    `["app:exec"].defaultEnv: is defaultEnv a second time: keep one of the two spellings.`,
    undefined,
    true,
  ],
  [byId({ defualtEnv: {} }), `["app:exec"].defualtEnv: unknown field; did you mean "defaultEnv"?`],
  [byId({ default_evn: {} }), `["app:exec"].default_evn: unknown field; did you mean "default_env"?`],
  [
    byId({ whitelist: [] }),
    `["app:exec"].whitelist: unknown field; known fields are defaultWorkDir, defaultEnv, commandWhitelist.`,
  ],
  [byId({ inheritEnv: true }), `["app:exec"].inheritEnv: unknown field`],
  [byId({ name: "x" }), `["app:exec"].name: unknown field`],
  [byId({ __proto__x: 1, constructor: 1 }), `unknown field`],
  [
    JSON.parse(`{ "app:exec": { "kind": "exec.native", "__proto__": {} } }`),
    `["app:exec"].__proto__: unknown field`,
  ],
  [{ "app:exec": {} }, `["app:exec"].kind: is missing: name one of exec.native`],
  [{ "app:exec": { kind: 7 } }, `["app:exec"].kind: expected a string, got 7.`],
  [
    { "app:exec": { kind: "exec.natve" } },
    `["app:exec"].kind: there is no kind "exec.natve"; did you mean "exec.native"?`,
    undefined,
    true,
  ],
  [
    { "app:exec": { kind: "constructor" } },
    `["app:exec"].kind: there is no kind "constructor"; known kinds are exec.native`,
    undefined,
    true,
  ],
  [
    { "app:exec": { kind: "exec.docker" } },
    `["app:exec"].image: is missing: name the image.`,
  ],
  [{ "app:exec": null }, `["app:exec"]: expected an object as JSON has it, got null.`],
  [{ "app:exec": "exec.native" }, `["app:exec"]: expected an object as JSON has it, got a string.`],
  [{ app: native }, `app: "app" is no id of an executor: write it as in "app:exec".`, "invalid_id"],
  [{ entires: [] }, `entires: "entires" is no id`, "invalid_id"],
  [{ namespace: "app", entires: [] }, `entires: unknown field; did you mean "entries"?`],
  [{ namespace: "app" }, `entries: expected an array of definitions, got undefined.`],
  [{ namespace: "app", entries: {} }, `entries: expected an array of definitions, got an object.`],
  [
    { entries: [] },
    `namespace: expected a name of letters, digits, "_", "." and "-", got undefined.`,
    "invalid_id",
  ],
  [{ namespace: "a:b", entries: [] }, `namespace: expected a name`, "invalid_id"],
  [{ namespace: "app", entries: [native] }, `entries[0].name: expected a name`, "invalid_id"],
  [
    { namespace: "app", entries: [{ ...native, name: "a b" }] },
    `entries[0].name: expected a name of letters, digits, "_", "." and "-", got "a b".`,
    "invalid_id",
  ],
  [{ namespace: "app", entries: [[]] }, `entries[0]: expected an object as JSON has it, got an array.`],
  [
    { namespace: "app", entries: [{ ...native, name: "a" }, { ...native, name: "a" }] },
    `entries[1]: executor "app:a" is defined already by entries[0]`,
    "executor_exists",
    true,
  ],
  [[native], `[0].id: an id is missing: write it as in "app:exec".`, "invalid_id"],
  [[{ ...native, id: "app" }], `[0].id: "app" is no id`, "invalid_id"],
  [[{ ...native, id: "a:b", name: "b" }], `[0].name: unknown field`],
  [
    [{ id: "a:b", ...native }, { namespace: "a", entries: [{ name: "b", ...native }] }],
    `[1].entries[0]: executor "a:b" is defined already by [0]`,
    "executor_exists",
    true,
  ],
  [[["a:b", native]], `[0]: expected an object as JSON has it, got an array.`],
  [null, "The configuration: expected an object as JSON has it, got null."],
  [undefined, "The configuration: expected an object as JSON has it, got undefined."],
  ["app:exec", "The configuration: expected an object as JSON has it, got a string."],
  [new Map(), "The configuration: expected an object as JSON has it, got a Map.", undefined, true],
  [
    Promise.resolve({}),
    "The configuration: expected an object as JSON has it, got a Promise.",
    undefined,
    true,
  ],
  [
    byId({ defaultEnv: new Map([["A", "secret"]]) }),
    `["app:exec"].defaultEnv: expected an object of names and values, got a Map.`,
    undefined,
    true,
  ],
];

describe("a wrong configuration is refused, and the message has the path to what is wrong", () => {
  it.each(WRONG)("%j", async (definitions, message, reason = "invalid_option", beyondSchema = undefined) => {
    const on = registry().registry;
    const error = await failure(() => load(on, definitions));
    expect(error).toMatchObject({ reason, retryable: false, details: { path: expect.any(String) } });
    expect(error.message).toContain(message);
    expect(on.ids()).toEqual([]);
    if (!beyondSchema) expect(violations(configSchema, definitions)).not.toEqual([]);
  });

  it("also by define, where the path begins with the id", async () => {
    const error = await failure(() =>
      registry().registry.define("app:exec", { ...native, commandWhitelist: [7] } as never)
    );
    expect(error.message).toMatch(/^\["app:exec"\]\.commandWhitelist\[0\]: expected a string, got 7/);
  });

  it("whole: nothing of it takes effect, whatever is right in it", async () => {
    const on = registry().registry;
    on.load({ "app:old": native });
    for (
      const definitions of [
        { "app:new": native, "app:wrong": {} },
        [{ id: "app:new", ...native }, { id: "app:old", ...native }],
        { "app:new": native, "app:old": native },
      ]
    ) {
      await failure(() => load(on, definitions));
      expect(on.ids()).toEqual(["app:old"]);
    }
    expect(await failure(() => on.load({ "app:old": native }))).toMatchObject({ kind: "ALREADY_EXISTS" });
  });

  it.each<[name: string, definitions: () => unknown]>([
    ["a getter", () => ({
      get "app:exec"() {
        throw new Error("the getter's own trouble");
      },
    })],
    ["a getter of a definition", () => ({
      "app:exec": {
        get kind() {
          throw new Error("the getter's own trouble");
        },
      },
    })],
    ["a getter of a variable", () =>
      byId({
        defaultEnv: {
          get A() {
            throw new Error("the getter's own trouble");
          },
        },
      })],
    ["a proxy", () =>
      new Proxy({}, {
        ownKeys: () => {
          throw new Error("the proxy's own trouble");
        },
      })],
    ["a revoked proxy", () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return proxy;
    }],
    ["an exception that is no error", () => ({
      get a() {
        throw Symbol("odd");
      },
    })],
  ])("also when %s throws", async (_, definitions) => {
    const on = registry().registry;
    expect(await failure(() => load(on, definitions()))).toMatchObject({
      kind: "INVALID",
      reason: "invalid_option",
    });
    expect(on.ids()).toEqual([]);
  });
});
