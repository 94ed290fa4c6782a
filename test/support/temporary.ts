/**
 * Directories that are gone when their test is.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";

/**
 * A fresh directory for a test; its path has no symbolic link in it.
 * @param context of the test, where it runs beside others
 */
export function temporaryDirectory(context?: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "polyspawn-test-")));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (context) context.onTestFinished(remove);
  else onTestFinished(remove);
  return directory;
}
