/**
 * Runs the conformance suite under each test framework: on a good backend all of it passes, and on a broken one the case
 * that names its fault fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { frameworks, readReport } from "./frameworks.mjs";
import { allAtOnce } from "./pack/at_once.mjs";
import { capture } from "./pack/capture.mjs";
import { check, expect, totals } from "./pack/report.mjs";
import { root } from "./tools.mjs";

/** A fault of test/support/faults.ts, and the promise it breaks. */
const FAULT = "a death by a signal told as exit code 0";
const BROKEN = "a death by signal n is told as exit code 128 + n with the signal's name";

/** Runs everything; answers the counts. `directory` is for reports. */
export async function checkFrameworks(directory) {
  const jobs = Object.entries(frameworks).flatMap(([name, framework], index) => [
    () => check(`conformance of a good backend under ${name}`, () => passes(name, framework, `${index}`)),
    () => check(`conformance of a broken backend under ${name}`, () => fails(framework, `${index}broken`)),
  ]);
  await allAtOnce(jobs);
  const { passed, failed } = totals();
  return { code: failed > 0 ? 1 : 0, passed, failed, skipped: 0 };

  async function passes(name, { suite, command }, file) {
    const [report, declared] = [join(directory, `${file}.xml`), join(directory, `${file}.declared`)];
    const environment = { POLYSPAWN_DECLARED: declared };
    const { code, text } = await capture(command(suite, report), { cwd: root, environment });
    expect(code === 0 && existsSync(report), `exit code ${code}\n${text.trim()}`);
    const { passed, failed } = readReport(report);
    const wanted = Number(readFileSync(declared, "utf8"));
    expect(wanted > 100, `only ${wanted} cases were declared`);
    const counts = `${passed.length} passed and ${failed.length} failed`;
    expect(passed.length === wanted && failed.length === 0, `${counts} of ${wanted} under ${name}`);
    return counts;
  }

  async function fails({ suite, command }, file) {
    const report = join(directory, `${file}.xml`);
    const environment = { POLYSPAWN_FAULT: FAULT };
    const { code, text } = await capture(command(suite, report, { only: BROKEN }), {
      cwd: root,
      environment,
    });
    expect(code !== 0, `the run succeeded\n${text.trim()}`);
    const { passed, failed } = readReport(report);
    expect(
      passed.length === 0 && failed.length === 1 && failed[0].includes(BROKEN),
      `failed were ${JSON.stringify(failed)}, passed ${JSON.stringify(passed)}\n${text.trim()}`,
    );
    return failed[0].slice(0, failed[0].indexOf(" (catches"));
  }
}
