/**
 * Checks the rules of imports: they only run downwards, without a circle; src/ knows no runtime and no
 * backend; a backend knows the seam and the errors and nothing above; importing mod.ts loads no backend. Type imports count as well: who reads a file reads what it names.
 *
 *   node scripts/check_layers.mjs [DIRECTORY]
 */
import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Imports that break a rule for a reason: "FROM -> TO", only as `import type`. */
const ALLOWED_TYPES = new Map([
  ["src/errors.ts -> src/output.ts", "an error carries the output so far, and output.ts throws errors"],
]);

/** Modules of a runtime or a package that src/testing may load by `await import`: "FROM -> MODULE" and the reason. */
const ALLOWED_LAZY = new Map([
  ["src/testing/cassette/file.ts -> node:fs/promises", "every runtime has it, and a cassette is a file"],
]);

/** Modules that import what is no plain string, and the reason. */
const ALLOWED_COMPUTED = new Map([
  ["backends/docker/dockerode.ts", "Deno would fetch an optional package for everybody"],
]);

const SEAM = new Set(["src/backend.ts", "src/errors.ts", "src/signals.ts"]);
/** What a backend of a kind may know besides: the one table that checks its configuration. */
const CONFIGURATIONS = new Map([["backends/docker", "src/docker_fields.ts"], [
  "backends/default",
  "src/docker_fields.ts",
]]);
/** What mod.ts may load at once of backends/: what picks a backend, and looks whether it can be loaded. */
const EAGER = new Set(["backends/default.ts", "backends/room.ts"]);
/** Names nothing in src/ may have, not even a member: it would be one of `globalThis` under another name. */
const RUNTIMES = new Set(["Deno", "Bun"]);
/** Names that are fine for a variable of one's own (a process is what this is all about), but not as globals. */
const RUNTIME_GLOBALS = new Set(["process", "Buffer", "require", "global", "setImmediate"]);

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const face = existsSync(join(root, "mod.ts")) ? ["mod.ts"] : [];
const paths = [...face, ...filesBelow("src"), ...filesBelow("backends")];
// Without libraries and without following imports the checker resolves what a file declares itself; a name it
// does not know is a global.
const options = { noLib: true, noResolve: true, types: [] };
const program = ts.createProgram(paths.map((path) => join(root, path)), options);
const checker = program.getTypeChecker();

const violations = [];
/** path -> its imports of files of this project: { line, to, typeOnly, lazy } */
const graph = new Map();
let imports = 0;

for (const path of paths) {
  const source = program.getSourceFile(join(root, path));
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const report = (node, text) => violations.push(`${path}:${lineOf(node)}: ${text}`);
  graph.set(path, []);
  visit(source, (node) => {
    const found = importOf(node);
    if (found) {
      imports++;
      checkImport(path, found, (text) => report(node, text), lineOf(node));
    }
    if (!path.startsWith("backends/")) {
      const name = runtimeGlobal(node);
      if (name) report(node, `uses ${name} of a runtime: that belongs in a backend.`);
    }
  });
}
findCircles();
findEagerBackends();

for (const violation of violations) console.error(violation);
console.log(`${paths.length} files with ${imports} imports, ${violations.length} of them out of order`);
process.exitCode = violations.length > 0 || paths.length === 0 ? 1 : 0;

function filesBelow(directory) {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory), { recursive: true })
    .map((name) => posix.join(directory, name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts")).sort();
}

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** What a node imports, in whichever of the ways there are; undefined for every other node. */
function importOf(node) {
  if (ts.isImportDeclaration(node)) {
    return {
      module: node.moduleSpecifier.text,
      typeOnly: node.importClause?.isTypeOnly === true,
      lazy: false,
    };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return { module: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, lazy: false };
  }
  if (ts.isImportTypeNode(node)) {
    return { module: node.argument.literal?.text, typeOnly: true, lazy: false };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return {
      module: argument && ts.isStringLiteralLike(argument) ? argument.text : undefined,
      typeOnly: false,
      lazy: true,
    };
  }
}

function checkImport(path, { module, typeOnly, lazy }, report, line) {
  const isBackend = path.startsWith("backends/");
  const isTesting = path.startsWith("src/testing/");
  if (module === undefined && ALLOWED_COMPUTED.has(path)) return;
  if (module === undefined) return report("imports what only a run can tell: give import() a plain string.");
  if (!module.startsWith(".")) {
    if (isBackend || (isTesting && lazy && ALLOWED_LAZY.has(`${path} -> ${module}`))) return;
    return report(`imports "${module}": only a backend may use a runtime's modules or a package.`);
  }
  const to = posix.join(posix.dirname(path), module);
  if (!paths.includes(to)) {
    return report(`imports "${module}", which is no file of mod.ts, src/ or backends/.`);
  }
  if (typeOnly && ALLOWED_TYPES.has(`${path} -> ${to}`)) return;
  graph.get(path).push({ line, to, typeOnly, lazy });

  if (to === "mod.ts") report("imports mod.ts: the face is above everything.");
  if (to.startsWith("src/testing/") && !isTesting) {
    report(`imports ${to}: the testing kit is an entry of its own.`);
  }
  if (to.startsWith("backends/") && path.startsWith("src/")) report(`imports ${to}: src/ knows no backend.`);
  const [, backend] = /^(backends\/\w+)[./]/.exec(path) ?? [];
  if (to.startsWith("src/") && isBackend && !SEAM.has(to) && CONFIGURATIONS.get(backend) !== to) {
    report(`imports ${to}: of src/ a backend knows only ${[...SEAM].join(", ")}.`);
  }
}

/** What a node takes from a runtime by a global name; undefined for every other node. */
function runtimeGlobal(node) {
  if (ts.isIdentifier(node) && RUNTIMES.has(node.text)) return node.text;
  if (ts.isIdentifier(node) && RUNTIME_GLOBALS.has(node.text) && isReference(node)) {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node);
    // `declare const process` names the global too.
    const isAmbient = (declaration) => ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Ambient;
    return symbol?.declarations?.some((declaration) => !isAmbient(declaration)) ? undefined : node.text;
  }
  const member = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
  if (member && RUNTIME_GLOBALS.has(member.text) && isGlobalThis(node.expression)) {
    return `globalThis.${member.text}`;
  }
}

function isGlobalThis(node) {
  while (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) node = node.expression;
  return ts.isIdentifier(node) && node.text === "globalThis";
}

/** False for a name that only labels a member or a specifier. */
function isReference(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) {
    return (parent.name ?? parent.right) !== node;
  }
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  return parent.name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** Reports each way on which imports lead back to where they started. */
function findCircles() {
  const done = new Set();
  const trail = [];
  const walk = (path) => {
    trail.push(path);
    for (const { line, to } of graph.get(path)) {
      const start = trail.indexOf(to);
      if (start >= 0) {
        violations.push(`${path}:${line}: closes a circle: ${[...trail.slice(start), to].join(" -> ")}`);
      } else if (!done.has(to)) walk(to);
    }
    trail.pop();
    done.add(path);
  };
  for (const path of paths) if (!done.has(path)) walk(path);
}

/** Reports a backend that importing mod.ts would load at once; what picks one may be. */
function findEagerBackends() {
  const seen = new Set();
  const walk = (path) => {
    seen.add(path);
    for (const { line, to, typeOnly, lazy } of graph.get(path) ?? []) {
      if (typeOnly || lazy || seen.has(to)) continue;
      if (to.startsWith("backends/") && !EAGER.has(to)) {
        violations.push(`${path}:${line}: loads ${to} with mod.ts: import it lazily.`);
      }
      walk(to);
    }
  };
  walk("mod.ts");
}
