/** Which other packages the package needs; their versions stand in deno.json. */

/**
 * Those that only some users need, who install them themselves. A backend among them is an entry of its own that
 * imports its package on the first command.
 */
const OPTIONAL = ["dockerode"];

/** The parts of package.json on dependencies, made of the npm packages that deno.json imports. */
export function dependenciesOf({ imports }, optional = OPTIONAL) {
  const versions = Object.fromEntries(
    Object.entries(imports)
      .filter(([, specifier]) => specifier.startsWith("npm:"))
      .map(([name, specifier]) => [name, specifier.slice(`npm:${name}@`.length)]),
  );
  const missing = optional.find((name) => versions[name] === undefined);
  if (missing) {
    throw new Error(`deno.json imports no npm:${missing}@VERSION, which is an optional dependency.`);
  }
  const pick = (wanted) => Object.fromEntries(Object.entries(versions).filter(([name]) => wanted(name)));
  const peers = pick((name) => optional.includes(name));
  return {
    dependencies: pick((name) => !optional.includes(name)),
    peerDependencies: optional.length > 0 ? peers : undefined,
    peerDependenciesMeta: optional.length > 0
      ? Object.fromEntries(optional.map((name) => [name, { optional: true }]))
      : undefined,
  };
}
