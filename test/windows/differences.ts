/**
 * Where the conformance suite has another outcome on Windows, by the promise, with the reason. Each of these cases is run
 * all the same, and one that passes is an error, so that this list stays true.
 */
export const DIFFERENCES: Readonly<Record<string, string>> = {};
