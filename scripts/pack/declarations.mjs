/**
 * Cuts the declarations of a built package down to what users can import, and what that refers to. A compiler writes
 * down all that one module exports to another, which is half as much again; Deno leaves that out by itself.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";

/** Cuts down, in place, the declarations that entry points reach; answers the files that are needed. */
export function cutDeclarations(entries) {
  const modules = new Map();
  const open = (path) => {
    if (!modules.has(path)) {
      const module = read(path);
      modules.set(path, module);
      module.always.forEach(open);
    }
    return modules.get(path);
  };
  const keep = (module, name) => {
    if (module.kept.has(name)) return;
    module.kept.add(name);
    const origin = module.origins.get(name);
    if (origin) keep(open(origin.path), origin.name);
    for (const statement of module.declared.get(name) ?? []) keepNamesIn(module, statement);
  };
  const keepNamesIn = (module, node) => {
    if (ts.isIdentifier(node)) keep(module, node.text);
    node.forEachChild((child) => keepNamesIn(module, child));
  };
  for (const module of entries.map(open)) for (const name of module.exported) keep(module, name);
  for (const [path, module] of modules) writeFileSync(path, textOf(module));
  return new Set(modules.keys());
}

/** A file of declarations, by its own names for things. */
function read(path) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  // TypeScript by itself leaves the names of sources in declarations.
  const fileOf = (specifier) => resolve(path, "..", specifier.replace(/\.[jt]s$/, ".d.ts"));
  const module = {
    source,
    /** By name, the statements that declare it. */
    declared: new Map(),
    /** By name, what it is called where it comes from. */
    origins: new Map(),
    /** What others may import. */
    exported: [],
    /** Files that are needed whatever is kept of this one. */
    always: [],
    kept: new Set(),
  };
  for (const statement of source.statements) {
    const from = statement.moduleSpecifier?.text;
    const names = namesInBraces(statement);
    const isOurs = from?.startsWith(".");
    if (isOurs && names.length === 0) {
      // A form that names nothing must be one that takes nothing.
      if (statement.importClause || ts.isExportDeclaration(statement)) {
        throw new Error(`${path}: what is taken by "${statement.getText()}"? Name it in braces.`);
      }
      module.always.push(fileOf(from));
    }
    for (const { name, propertyName = name } of names) {
      if (isOurs) module.origins.set(name.text, { path: fileOf(from), name: propertyName.text });
      else if (propertyName !== name) module.origins.set(name.text, { path, name: propertyName.text });
      if (ts.isExportDeclaration(statement)) module.exported.push(name.text);
    }
    for (const name of namesDeclared(statement)) {
      module.declared.set(name, [...module.declared.get(name) ?? [], statement]);
      if (ts.getCombinedModifierFlags(statement) & ts.ModifierFlags.Export) module.exported.push(name);
    }
  }
  return module;
}

/** What a statement imports, or exports without declaring it. */
function namesInBraces({ importClause, exportClause }) {
  return (importClause?.namedBindings ?? exportClause)?.elements ?? [];
}

function namesDeclared(statement) {
  // What is added to the global object is for everybody.
  if (ts.isModuleDeclaration(statement)) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.text);
  }
  return statement.name ? [statement.name.text] : [];
}

/** A file without what is not kept. */
function textOf({ source: { text, statements }, kept }) {
  const parts = statements.map((statement, index) => {
    const declared = namesDeclared(statement);
    const inBraces = namesInBraces(statement);
    const needed = inBraces.filter(({ name }) => kept.has(name.text));
    const isKept = inBraces.length > 0
      ? needed.length > 0
      : declared.length === 0 || declared.some((name) => kept.has(name));
    if (!isKept) return index === 0 ? aboutAll(text) : "";
    if (needed.length === inBraces.length) return statement.getFullText();
    const names = needed.map((name) => name.getText()).join(", ");
    return `${text.slice(statement.pos, inBraces.pos)} ${names} ${text.slice(inBraces.end, statement.end)}`;
  });
  return `${parts.join("").trim()}\n`;
}

/** What is said of a whole file; it stands before the first statement, whatever that is. */
function aboutAll(text) {
  const [range] = ts.getLeadingCommentRanges(text, 0) ?? [];
  const comment = range ? text.slice(range.pos, range.end) : "";
  return comment.includes("@module") ? comment : "";
}
