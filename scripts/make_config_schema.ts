/**
 * Writes config.schema.json, the JSON Schema of a configuration, from `configSchema`; run it after a change of a field:
 *
 *   node_modules/.bin/deno run --allow-write=. scripts/make_config_schema.ts
 */
import { writeFileSync } from "node:fs";
import { configSchema } from "../mod.ts";

const text = `${JSON.stringify(configSchema, null, 2)}\n`;
writeFileSync(new URL("../config.schema.json", import.meta.url), text);
