/**
 * What a Docker backend may be told: one table checks it in a definition and in a call of `dockerBackend`.
 * @module
 */
import { show } from "./check.ts";
import { configError, memberOf, typeName } from "./config_error.ts";
import { type Field, type Fields, isRecord, parseFields, text } from "./fields.ts";

/** What a Docker backend is told; everything but the image may be left out. */
export interface DockerConfig {
  /** The image every command runs in, as `docker run` takes it. */
  image: string;
  /** The engine: `unix://`, `npipe://`, `tcp://`, `https://` or `ssh://` (default: DOCKER_HOST, else the usual socket). */
  host?: string;
  /** The network: `"bridge"`, `"none"`, `"host"`, `"container:<name>"` or a network's name (default: `"bridge"`). */
  networkMode?: string;
  /** What of the engine's machine is seen inside: `"host:container"`, or `"host:container:ro"` (default: nothing). */
  volumes?: readonly string[];
  /** Who runs the commands: a name or a number, with `:group` if need be (default: the image's). */
  user?: string;
  /** The most memory, in bytes; 0 is no limit (default: 0). */
  memoryLimit?: number;
  /** How much of the processors: 100000 is one of them; 0 is no limit (default: 0). */
  cpuQuota?: number;
  /** The most processes and threads, one of which is the container's init; 0 is no limit (default: 0). */
  pidsLimit?: number;
  /** Removes each container when its command has ended; `false` keeps it until `sweep()` (default: true). */
  autoRemove?: boolean;
  /** Makes all files read-only, apart from volumes and `tmpfs` (default: false). */
  readOnlyRootfs?: boolean;
  /** Keeps commands from gaining rights by set-user-ID files (default: false). */
  noNewPrivileges?: boolean;
  /** Capabilities to take away from Docker's usual ones, such as `"NET_RAW"`; `"ALL"` is all (default: none). */
  capDrop?: readonly string[];
  /** Capabilities to add (default: none). */
  capAdd?: readonly string[];
  /** File systems in memory: paths and their options, such as `{ "/tmp": "size=64m" }` (default: none). */
  tmpfs?: Readonly<Record<string, string>>;
  /** Whether an image that is missing is fetched (`"missing"`) or an error (`"never"`, the default). */
  pull?: "missing" | "never";
}

/** The least memory an engine gives to a container. */
const LEAST_MEMORY = 6 * 2 ** 20;
/** The least time on a processor, in µs of each 100 ms, that Linux gives. */
const LEAST_QUOTA = 1_000;

const CAPABILITY = /^[A-Z][A-Z_]*$/;
const CAPABILITIES = `a capability's name such as "NET_RAW", or "ALL"`;

/** The fields of {@linkcode DockerConfig}. */
export const DOCKER_FIELDS: Fields<DockerConfig> = {
  image: word("The image every command runs in.", /^[\w][\w./:@-]*$/, `a name such as "debian:12"`),
  host: word(
    "The engine: unix://, npipe://, tcp://, https:// or ssh:// (default: DOCKER_HOST, else the usual socket).",
    /^(?:(?:unix|npipe):\/\/.+|(?:tcp|http|https):\/\/[^/]+\/?|ssh:\/\/[^/]+(?:\/.*)?)$/,
    `an address such as "unix:///var/run/docker.sock", "tcp://10.0.0.5:2376" or "ssh://user@build.example.com"`,
  ),
  networkMode: word(
    'The network: bridge, none, host, "container:" and a name, or the name of a network (default: bridge).',
    /^[\w][\w.:-]*$/,
    `"bridge", "none", "host" or a network's name`,
  ),
  volumes: words(
    'What of the engine\'s machine is seen inside: "host:container", or "host:container:ro" (default: nothing).',
    /^(?:\/[^:\0]*|[A-Za-z]:[\\/][^:\0]*|[A-Za-z0-9][\w.-]*):\/[^:\0]+(?::r[ow])?$/,
    `"host:container" or "host:container:ro" with absolute paths`,
  ),
  user: word(
    "Who runs the commands: a name or a number, with :group if need be (default: the image's).",
    /^[\w][\w.-]*\$?(?::[\w][\w.-]*\$?)?$/,
    `a name or a number in quotes, such as "node" or "1000:1000"`,
  ),
  memoryLimit: number("The most memory, in bytes; 0 is no limit (default: 0).", LEAST_MEMORY, "6 MiB"),
  cpuQuota: number(
    "How much of the processors: 100000 is one of them; 0 is no limit (default: 0).",
    LEAST_QUOTA,
    "1 % of a processor",
  ),
  pidsLimit: number(
    "The most processes and threads; 0 is no limit (default: 0).",
    2,
    "an init and a command",
  ),
  autoRemove: flag("Whether each container is removed when its command has ended (default: true)."),
  readOnlyRootfs: flag("Whether all files are read-only, apart from volumes and tmpfs (default: false)."),
  noNewPrivileges: flag(
    "Whether commands are kept from gaining rights by set-user-ID files (default: false).",
  ),
  capDrop: words("Capabilities to take away; ALL is all (default: none).", CAPABILITY, CAPABILITIES),
  capAdd: words("Capabilities to add (default: none).", CAPABILITY, CAPABILITIES),
  tmpfs: {
    schema: {
      type: "object",
      propertyNames: { pattern: "^/[^:]+$" },
      additionalProperties: { type: "string", pattern: "^[\\w=,%.-]*$" },
      description: 'File systems in memory: paths and their options, such as "size=64m" (default: none).',
    },
    parse: (value, path) => {
      if (!isRecord(value)) {
        throw configError(path, `expected an object of paths and options, got ${typeName(value)}.`);
      }
      for (const [directory, options] of Object.entries(value)) {
        const at = memberOf(path, directory);
        if (!/^\/[^:\0]+$/.test(directory)) throw configError(at, `expected an absolute path inside.`);
        if (typeof options !== "string" || !/^[\w=,%.-]*$/.test(options)) {
          throw configError(at, `expected options such as "size=64m", or "" for none, got ${show(options)}.`);
        }
      }
      return Object.freeze({ ...value }) as Readonly<Record<string, string>>;
    },
  },
  pull: {
    schema: {
      enum: ["missing", "never"],
      description: "Whether a missing image is fetched (default: never).",
    },
    parse: (value, path) => {
      if (value === "missing" || value === "never") return value;
      throw configError(path, `expected "missing" or "never", got ${show(value)}.`);
    },
  },
};

/**
 * Checks what a Docker backend is told.
 * @throws {ExecError} `invalid_option` with the path to what is wrong
 */
export function parseDockerConfig(config: unknown): DockerConfig {
  if (!isRecord(config)) throw configError("", `expected an object of fields, got ${typeName(config)}.`);
  const parsed = parseFields(config, DOCKER_FIELDS, "");
  needImage(parsed, "");
  return parsed;
}

/** Refuses a configuration without an image. */
export function needImage({ image }: Partial<DockerConfig>, path: string): void {
  if (image === undefined) throw configError(memberOf(path, "image"), `is missing: name the image.`);
}

/** A text of a certain form. */
export function word(description: string, pattern: RegExp, expected: string): Field<string> {
  const { schema, parse } = text(description);
  return {
    schema: { ...schema, pattern: pattern.source },
    parse: (value, path) => {
      const checked = parse(value, path);
      if (pattern.test(checked)) return checked;
      throw configError(path, `expected ${expected}, got ${show(checked)}.`);
    },
  };
}

/** A list of them. */
function words(description: string, pattern: RegExp, expected: string): Field<readonly string[]> {
  const { schema, parse } = word(description, pattern, expected);
  const { description: _, ...items } = schema;
  return {
    schema: { type: "array", items, description },
    parse: (value, path) => {
      if (!Array.isArray(value)) throw configError(path, `expected an array, got ${show(value)}.`);
      return Object.freeze(
        Array.from(value as unknown[], (each, index) => parse(each, memberOf(path, index))),
      );
    },
  };
}

/** 0 for no limit, or a whole number that is not too small to work with. */
function number(description: string, least: number, what: string): Field<number> {
  return {
    schema: {
      type: "integer",
      anyOf: [{ const: 0 }, { minimum: least, maximum: Number.MAX_SAFE_INTEGER }],
      description,
    },
    parse: (value, path) => {
      if (value === 0 || (Number.isSafeInteger(value) && (value as number) >= least)) return value as number;
      throw configError(
        path,
        `expected a whole number, 0 for no limit or at least ${least} (${what}), got ${show(value)}.`,
      );
    },
  };
}

function flag(description: string): Field<boolean> {
  return {
    schema: { type: "boolean", description },
    parse: (value, path) => {
      if (typeof value === "boolean") return value;
      throw configError(path, `expected true or false, got ${show(value)}.`);
    },
  };
}
