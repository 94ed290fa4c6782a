/** Counts what was checked, and says what went wrong as soon as it is known. */
const counts = { passed: 0, failed: 0 };

/** The counts so far. */
export const totals = () => ({ ...counts });

/** Runs one check; what it throws is its failure, what it answers is printed with it. */
export async function check(name, action) {
  try {
    const note = await action();
    counts.passed++;
    console.log(`ok      ${name}${note ? `: ${note}` : ""}`);
    return true;
  } catch (error) {
    counts.failed++;
    const text = error instanceof Error ? error.message : String(error);
    console.error(`FAILED  ${name}: ${text.replaceAll("\n", "\n        ")}`);
    return false;
  }
}

/** Throws unless the condition holds. */
export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** Throws unless two values have the same JSON. */
export function expectSame(actual, expected, what) {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  expect(got === wanted, `${what}: got ${got} instead of ${wanted}`);
}
