/**
 * JSON for people: a line for each thing that one looks at in a review, and no more lines than that.
 * @module
 */

/** Characters a line may have where a value can be put on several. */
const WIDTH = 100;
/** The document, its list of calls and each call have a line for each thing in them, however short. */
const OPEN_LEVELS = 3;

/** A value of JSON as text. */
export function pretty(value: unknown, level = 0, before = 0): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (level >= OPEN_LEVELS && !isOpen(value)) {
    const flat = onOneLine(value);
    if (before + flat.length <= WIDTH) return flat;
  }
  const indent = "  ".repeat(level + 1);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const parts = entriesOf(value).map(([name, each]) =>
    `${indent}${name}${pretty(each, level + 1, indent.length + name.length)}`
  );
  return parts.length === 0 ? open + close : `${open}\n${parts.join(",\n")}\n${indent.slice(2)}${close}`;
}

/** The lines of a text, and several things that happened, stand below each other. */
function isOpen(value: object): boolean {
  if (!Array.isArray(value)) {
    return Object.values(value).some((each) => each instanceof Object && isOpen(each));
  }
  return value.length > 1 && value.some((each) => each instanceof Object || String(each).includes("\n"));
}

function onOneLine(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = entriesOf(value).map(([name, each]) => `${name}${onOneLine(each)}`).join(", ");
  if (Array.isArray(value)) return `[${parts}]`;
  return parts === "" ? "{}" : `{ ${parts} }`;
}

/** What is in an array or object, each with what stands before it. */
function entriesOf(value: object): [name: string, value: unknown][] {
  if (Array.isArray(value)) return value.map((each) => ["", each]);
  return Object.entries(value).map(([name, each]) => [`${JSON.stringify(name)}: `, each]);
}
