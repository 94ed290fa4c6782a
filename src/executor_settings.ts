/**
 * What a caller may say of an executor, checked; the executors of one definition share it.
 * @module
 */
import type { PolicyRules } from "./ask_policy.ts";
import type { Backend } from "./backend.ts";
import { checkBoolean, checkFunction, checkMs, checkOptions, checkTimeout } from "./check.ts";
import { systemClock } from "./clock.ts";
import { defaultBackend } from "./default_backend.ts";
import type { EventListener } from "./events.ts";
import type { ExecutorOptions } from "./executor.ts";
import { checkCwd, checkEnv } from "./location.ts";
import { DEFAULT_KILL_GRACE, type ProcessDefaults } from "./options.ts";
import { checkBackend, checkClock } from "./seams.ts";
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
  const backend = checkBackend("backend", options.backend);
  return {
    backend: backend ? () => backend : defaultBackend,
    handleSignals: checkBoolean("handleSignals", options.handleSignals, true),
    clock: checkClock("clock", options.clock) ?? systemClock,
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
