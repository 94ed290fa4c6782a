/** Only checked, never run: a CommonJS module under `module: nodenext`. */
import polyspawn = require("polyspawn");
import type { Executor } from "polyspawn" with { "resolution-mode": "import" };

export const executor: Executor = polyspawn.createExecutor();
