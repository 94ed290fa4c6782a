/**
 * What Linux tells of a process in `/proc/<pid>/stat`.
 * @module
 */

/** Of such a line, where a field stands in what `statFields` gives. */
export const StatField = {
  state: 0,
  group: 2,
  flags: 6,
  threads: 17,
  startTime: 19,
  exitSignal: 49,
} as const;

/** The fields from the third on: the second, the name in parentheses, may hold anything, a parenthesis too. */
export function statFields(text: string): string[] {
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
