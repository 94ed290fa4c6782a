/** Runs jobs side by side, as many as a small machine has cores. */
const AT_ONCE = 2;

/** Runs all jobs; they begin in order. */
export async function allAtOnce(jobs) {
  const queue = [...jobs];
  const work = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
