import type { Backend, SpawnRequest } from "../../src/backend.ts";
import { PROGRAMS, programs } from "../../src/testing/conformance/programs.ts";

/** Words that are programs by themselves on POSIX, and what the player calls them. */
const APPLETS: Readonly<Record<string, string>> = {
  echo: "echo",
  env: programs.environment.name,
  cat: programs.cat.name,
  sort: programs.sort.name,
  pwd: programs.workDirectory.name,
};

/** A backend on which the suite's programs are played by `node player.js`: Windows has none of POSIX's. */
export function withPlayer(backend: Backend, node: string, player: string): Backend {
  const argvOf = (request: SpawnRequest) => {
    const words = playerWords(request.argv);
    if (!words) return request.argv;
    return [node, player, ...words, ...words[0] === programs.environment.name ? addedTo(request) : []];
  };
  // One start after the other: many at the same moment crash Wine's server.
  let last: Promise<unknown> = Promise.resolve();
  const spawn = (request: SpawnRequest) => {
    const child = last.then(() => backend.spawn({ ...request, argv: argvOf(request) }));
    last = child.catch(() => {});
    return child;
  };
  return Object.create(backend, { spawn: { value: spawn } }) as Backend;
}

/** What the player is told for a command; `undefined` for one it does not know. */
export function playerWords(argv: readonly string[]): readonly string[] | undefined {
  // The words themselves are what is looked at.
  const { hardWords } = programs;
  if (startsWith(argv, hardWords.argv.slice(0, 2))) return [hardWords.name, ...argv.slice(2)];
  const known = PROGRAMS.filter((program) => startsWith(argv, program.argv))
    .sort((a, b) => b.argv.length - a.argv.length)[0];
  if (known) return [known.name, ...argv.slice(known.argv.length)];
  const applet = Object.hasOwn(APPLETS, argv[0]!) ? APPLETS[argv[0]!] : undefined;
  return applet === undefined ? undefined : [applet, ...argv.slice(1)];
}

/**
 * Variables that no process is without: libuv, under Node, Bun and Deno alike, gives these to each, and Wine has more. The
 * suite looks at the others.
 */
const ADDED =
  ("HOMEDRIVE HOMEPATH LOGONSERVER PATH SYSTEMDRIVE SYSTEMROOT TEMP USERDOMAIN USERNAME USERPROFILE WINDIR " +
    "PROCESSOR_ARCHITECTURE WINECONFIGDIR WINEDATADIR WINEDLLDIR0 WINEDLLOVERRIDES WINEHOMEDIR WINELOADER WINEUNIXCP " +
    "WINEUSERLOCALE WINEUSERNAME").split(" ");

function addedTo({ env, inheritEnv }: SpawnRequest): readonly string[] {
  if (inheritEnv) return [];
  const given = Object.keys(env).map((name) => name.toUpperCase());
  return ADDED.filter((name) => !given.includes(name));
}

function startsWith(argv: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((word, index) => argv[index] === word);
}
