/**
 * The JSON Schema of a configuration, made of the tables that check it.
 * @module
 */
import { DOCKER_KIND_FIELDS } from "./docker_kind.ts";
import { type Fields, type JsonSchema, snakeCase } from "./fields.ts";
import { NATIVE_FIELDS } from "./native_kind.ts";

const NAME = { type: "string", pattern: "^[A-Za-z0-9_.-]+$" };
const ID = { type: "string", pattern: "^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$" };

/** The kinds whose fields are known; what others say is for their own `parse` to check. */
const KINDS: Readonly<Record<string, Fields<unknown>>> = {
  "exec.native": NATIVE_FIELDS,
  "exec.docker": DOCKER_KIND_FIELDS,
};
/** What a definition must say beside its kind. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = { "exec.docker": ["image"] };

/** Said by conditions and not by alternatives, so that a mistake is told where it is made. */
const ifGroup: JsonSchema = {
  if: { type: "object", anyOf: [{ required: ["namespace"] }, { required: ["entries"] }] },
  then: { $ref: "#/$defs/group" },
};

/**
 * The JSON Schema (draft 2020-12) of what `load` takes, for editors and for checks before a deployment.
 *
 * The package holds it as a file too, `config.schema.json`: a configuration names it in `$schema`. Kinds of one's own
 * may have any fields here.
 */
export const configSchema: JsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Executors of polyspawn",
  type: ["object", "array"],
  if: { type: "array" },
  get then() {
    return schemas().then;
  },
  get else() {
    return schemas().else;
  },
  get $defs() {
    return schemas().$defs;
  },
};

let made: ReturnType<typeof makeSchemas> | undefined;

/** Made when somebody first looks: few do, and everybody would pay for it at import. */
function schemas(): ReturnType<typeof makeSchemas> {
  return made ??= makeSchemas();
}

function makeSchemas(): Record<"then" | "else" | "$defs", JsonSchema> {
  return {
    then: { items: { ...ifGroup, else: definitionWith("id", ID) } },
    else: { ...ifGroup, else: { $ref: "#/$defs/byId" } },
    $defs: {
      byId: {
        type: "object",
        description: "Definitions by their ids.",
        properties: { $schema: { type: "string" } },
        patternProperties: { [ID.pattern]: { $ref: "#/$defs/definition" } },
        additionalProperties: false,
      },
      group: {
        type: "object",
        description: "Definitions whose ids begin alike.",
        properties: {
          $schema: { type: "string" },
          namespace: { ...NAME, description: "What the ids begin with, before the colon." },
          entries: { type: "array", items: definitionWith("name", NAME) },
        },
        required: ["namespace", "entries"],
        additionalProperties: false,
      },
      definition: definitionWith(),
      ...Object.fromEntries(Object.entries(KINDS).flatMap(([kind, fields]) => fieldsOf(kind, fields))),
    },
  };
}

/** A definition, with one more field that names it where its place does not. */
function definitionWith(field?: "id" | "name", schema?: JsonSchema): JsonSchema {
  const naming = field === undefined ? {} : { [field]: schema };
  return {
    type: "object",
    properties: {
      ...naming,
      kind: {
        description: "What runs its commands.",
        anyOf: [{ enum: Object.keys(KINDS) }, { type: "string" }],
      },
    },
    required: field === undefined ? ["kind"] : [field, "kind"],
    // Each alternative names all there is: "additionalProperties" sees only what stands beside it.
    allOf: Object.entries(KINDS).map(([kind, fields]) => ({
      if: { properties: { kind: { const: kind } }, required: ["kind"] },
      then: {
        properties: { ...naming, kind: { const: kind }, ...propertiesOf(kind, fields) },
        additionalProperties: false,
        ...(REQUIRED[kind] && { required: REQUIRED[kind] }),
      },
    })),
  };
}

/** Each field once, by a name of its own. */
function fieldsOf(kind: string, fields: Fields<unknown>): [name: string, schema: JsonSchema][] {
  const all = Object.entries(fields as Readonly<Record<string, { schema: JsonSchema }>>);
  return all.map(([name, { schema }]) => [`${kind}.${name}`, schema]);
}

/** Each field under both of its spellings. */
function propertiesOf(kind: string, fields: Fields<unknown>): JsonSchema {
  return Object.fromEntries(
    Object.keys(fields).flatMap((name) => {
      const schema = { $ref: `#/$defs/${kind}.${name}` };
      return [[name, schema], [snakeCase(name), schema]];
    }),
  );
}
