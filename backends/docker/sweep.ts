/**
 * Removes the containers that hosts left behind.
 * @module
 */
import type { Engine } from "./engine.ts";
import type { ContainerSummary } from "./engine_api.ts";
import { isLive } from "./live_containers.ts";
import { isGone, OWNER_LABEL, ownerOf, thisOwner } from "./owner.ts";

/**
 * Removes containers whose owner is gone.
 * @param kept whether those go too that were to be kept: of owners that are gone, and of this process
 * @returns how many were removed
 */
export async function sweep(engine: Engine, kept: boolean): Promise<number> {
  const found = await engine.list(OWNER_LABEL);
  const left = found.filter((container) => isLeft(container, kept));
  await Promise.all(left.map(({ Id }) => engine.remove(Id)));
  return left.length;
}

function isLeft({ Labels, State }: ContainerSummary, kept: boolean): boolean {
  const labels = Labels ?? {};
  const owner = ownerOf(labels);
  // What was to be kept, and has ended, is for whoever asks to look at.
  if (labels["polyspawn.keep"] === "true" && State === "exited" && !kept) return false;
  if (owner.owner === thisOwner().owner) return kept && !isLive(labels["polyspawn.name"] ?? "");
  return isGone(owner);
}

const swept = new Map<string, Promise<void>>();

/** Sweeps once for each engine that this process starts something on; a failure is left to the start to tell. */
export function sweepFirst(engine: Engine): Promise<void> {
  const { shown } = engine.address;
  let sweeping = swept.get(shown);
  if (!sweeping) {
    sweeping = sweep(engine, false).then(() => {}, () => void swept.delete(shown));
    swept.set(shown, sweeping);
  }
  return sweeping;
}
