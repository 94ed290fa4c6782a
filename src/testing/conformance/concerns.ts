/**
 * All that the suite checks.
 * @module
 */
import { aborts } from "./aborts.ts";
import type { Concern } from "./case.ts";
import { deaf } from "./deaf.ts";
import { ending } from "./ending.ts";
import { environment } from "./environment.ts";
import { groups } from "./groups.ts";
import { leftovers } from "./leftovers.ts";
import { merge } from "./merge.ts";
import { pipes } from "./pipes.ts";
import { readers } from "./readers.ts";
import { seam } from "./seam.ts";
import { signals } from "./signals.ts";
import { start } from "./start.ts";
import { startErrors } from "./start_errors.ts";
import { states } from "./states.ts";
import { stdin } from "./stdin.ts";
import { stdio } from "./stdio.ts";
import { streams } from "./streams.ts";
import { timeouts } from "./timeouts.ts";

/** The concerns, in the order of the report. */
export const CONCERNS: readonly Concern[] = [
  start,
  startErrors,
  environment,
  stdio,
  states,
  streams,
  readers,
  pipes,
  stdin,
  deaf,
  signals,
  ending,
  groups,
  leftovers,
  timeouts,
  aborts,
  merge,
  seam,
];
