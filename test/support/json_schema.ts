/**
 * A validator for the part of JSON Schema that the configuration's schema uses; a keyword it does not know is an error,
 * so that nothing goes unchecked.
 */
type Schema = Readonly<Record<string, unknown>>;

/** What says nothing about a value. */
const ANNOTATIONS = new Set(["$schema", "$defs", "title", "description"]);

/** The paths at which a value is not as the schema wants it; none when it is. */
export function violations(root: Schema, value: unknown, schema: Schema = root, path = "$"): string[] {
  const check = (sub: unknown, part: unknown, at = path) => violations(root, part, sub as Schema, at);
  const valid = (sub: unknown) => check(sub, value).length === 0;
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const record = type === "object" ? value as Record<string, unknown> : undefined;
  const rules: Record<string, (rule: never) => string[]> = {
    $ref: (rule: string) => check(resolve(root, rule), value),
    type: (rule: string | string[]) =>
      [rule].flat().some((each) => each === type || (each === "integer" && Number.isInteger(value)))
        ? []
        : [path],
    minimum: (rule: number) => typeof value !== "number" || value >= rule ? [] : [path],
    maximum: (rule: number) => typeof value !== "number" || value <= rule ? [] : [path],
    const: (rule: unknown) => value === rule ? [] : [path],
    enum: (rule: unknown[]) => rule.includes(value) ? [] : [path],
    pattern: (rule: string) => typeof value !== "string" || new RegExp(rule, "u").test(value) ? [] : [path],
    minLength: (rule: number) => typeof value !== "string" || value.length >= rule ? [] : [path],
    minItems: (rule: number) => !Array.isArray(value) || value.length >= rule ? [] : [path],
    items: (rule: Schema) =>
      Array.isArray(value) ? value.flatMap((item, i) => check(rule, item, `${path}[${i}]`)) : [],
    required: (rule: string[]) => record && rule.some((name) => !Object.hasOwn(record, name)) ? [path] : [],
    properties: (rule: Schema) =>
      Object.entries(rule).flatMap(([name, sub]) =>
        record && Object.hasOwn(record, name) ? check(sub, record[name], `${path}.${name}`) : []
      ),
    patternProperties: (rule: Schema) =>
      Object.entries(rule).flatMap(([pattern, sub]) =>
        Object.keys(record ?? {}).filter((name) => new RegExp(pattern, "u").test(name))
          .flatMap((name) => check(sub, record![name], `${path}.${name}`))
      ),
    propertyNames: (rule: Schema) =>
      Object.keys(record ?? {}).flatMap((name) => check(rule, name, `${path}.${name}`)),
    additionalProperties: (rule: boolean | Schema) =>
      Object.keys(record ?? {}).filter((name) => !isNamed(schema, name))
        .flatMap((name) =>
          rule === false ? [`${path}.${name}`] : check(rule, record![name], `${path}.${name}`)
        ),
    allOf: (rule: Schema[]) => rule.flatMap((sub) => check(sub, value)),
    anyOf: (rule: Schema[]) => rule.some(valid) ? [] : [path],
    if: (rule: Schema) => check(schema[valid(rule) ? "then" : "else"] ?? {}, value),
    then: () => [],
    else: () => [],
  };
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const apply = rules[keyword];
    if (!apply) throw new Error(`The validator of this test does not know "${keyword}".`);
    return apply(rule as never);
  });
}

function isNamed({ properties = {}, patternProperties = {} }: Schema, name: string): boolean {
  const patterns = Object.keys(patternProperties as Schema);
  return Object.hasOwn(properties as Schema, name) ||
    patterns.some((pattern) => new RegExp(pattern, "u").test(name));
}

function resolve(root: Schema, ref: string): Schema {
  const names = ref.replace(/^#\//, "").split("/");
  return names.reduce<unknown>((node, name) => (node as Schema)[name], root) as Schema;
}
