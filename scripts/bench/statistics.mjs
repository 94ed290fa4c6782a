/** Figures out of many measurements. */

/** The value below which a part of them lies, between two of them where it falls there. */
export function quantile(values, part) {
  const sorted = values.toSorted?.((a, b) => a - b) ?? [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

/** The median and the quartiles around it. */
export function spread(values) {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/**
 * How much more one takes than the other, round by round: what slows down a whole round slows down both, and drops
 * out.
 */
export function ratio(values, base) {
  return spread(values.map((value, round) => value / base[round]));
}
