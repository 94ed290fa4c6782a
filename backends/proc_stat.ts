/**
 * What Linux tells of a process in `/proc/<pid>/stat`.
 * @module
 */

/** Of such a line, where a field stands after the name. */
export const StatField = {
  state: 0,
  group: 2,
  flags: 6,
  threads: 17,
  startTime: 19,
  exitSignal: 49,
} as const;

/**
 * One field of such a line; `undefined` where it has not so many. Taken out without taking the rest apart: every process
 * is looked at once.
 */
export function statField(line: string, field: number): string | undefined {
  // The name before, in parentheses, may hold anything, a parenthesis too.
  let start = line.lastIndexOf(")") + 2;
  for (let before = 0; before < field; before++) {
    start = line.indexOf(" ", start) + 1;
    if (start === 0) return undefined;
  }
  const end = line.indexOf(" ", start);
  return end < 0 ? line.slice(start) : line.slice(start, end);
}

/** Whether the process of such a line has ended, and at most waits for its parent to hear of it. */
export function isDead(line: string): boolean {
  const state = statField(line, StatField.state);
  return state === "Z" || state === "X";
}
