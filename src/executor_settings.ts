/**
 * What a caller may say of an executor, checked; the executors of one definition share it.
 * @module
 */
import type { PolicyRules } from "./ask_policy.ts";
import type { Backend } from "./backend.ts";
import {
  checkBoolean,
  checkFunction,
  checkMs,
  checkOptions,
  checkTimeout,
  invalidOption,
  show,
} from "./check.ts";
import { type Clock, systemClock } from "./clock.ts";
import { defaultBackend } from "./default_backend.ts";
import type { EventListener } from "./events.ts";
import type { ExecutorOptions } from "./executor.ts";
import { checkCwd, checkEnv } from "./location.ts";
import { DEFAULT_KILL_GRACE, type ProcessDefaults } from "./options.ts";
import { parseWhitelist, type Whitelist } from "./whitelist.ts";

const EXECUTOR_OPTIONS: readonly (keyof ExecutorOptions)[] = [
  "backend",
  "cwd",
  "env",
  "inheritEnv",
  "policy",
  "policyTimeout",
  "commandWhitelist",
  "killGrace",
  "handleSignals",
  "onEvent",
  "clock",
];

/** {@linkcode ExecutorOptions}, checked and complete. */
export interface ExecutorSettings extends PolicyRules {
  readonly backend: () => Backend | Promise<Backend>;
  readonly defaults: ProcessDefaults;
  readonly whitelist: Whitelist | undefined;
  readonly handleSignals: boolean;
  readonly onEvent: EventListener | undefined;
}

/**
 * Checks the options of an executor and fills in what they leave out.
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function resolveExecutorOptions(given: ExecutorOptions | undefined): ExecutorSettings {
  const options = checkOptions(given, EXECUTOR_OPTIONS);
  const backend = checkBackend(options.backend);
  return {
    backend: backend ? () => backend : defaultBackend,
    handleSignals: checkBoolean("handleSignals", options.handleSignals, true),
    clock: checkClock(options.clock) ?? systemClock,
    policy: checkFunction("policy", options.policy),
    policyTimeout: checkTimeout("policyTimeout", options.policyTimeout),
    onEvent: checkFunction("onEvent", options.onEvent),
    // Only what is left out means no list: null or "" must not allow everything.
    whitelist: options.commandWhitelist === undefined ? undefined : parseWhitelist(options.commandWhitelist),
    defaults: {
      cwd: checkCwd("cwd", options.cwd),
      env: checkEnv("env", options.env),
      inheritEnv: checkBoolean("inheritEnv", options.inheritEnv, true),
      killGrace: checkMs("killGrace", options.killGrace, DEFAULT_KILL_GRACE),
    },
  };
}

function checkBackend(backend: Backend | undefined): Backend | undefined {
  if (backend === undefined) return undefined;
  const isBackend = typeof backend?.spawn === "function" && typeof backend.capabilities === "object" &&
    backend.capabilities !== null;
  if (isBackend) return backend;
  throw invalidOption("backend", `must be a Backend with "spawn" and "capabilities", got ${show(backend)}.`);
}

function checkClock(clock: Clock | undefined): Clock | undefined {
  if (clock === undefined) return undefined;
  const isClock = [clock?.now, clock?.setTimeout, clock?.clearTimeout].every((method) =>
    typeof method === "function"
  );
  if (isClock) return clock;
  throw invalidOption(
    "clock",
    `must be a Clock with "now", "setTimeout" and "clearTimeout", got ${show(clock)}.`,
  );
}
