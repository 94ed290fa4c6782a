/** `npm run release`: in a repository of its own, where the checks are stand-ins. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const scripts = fileURLToPath(new URL("../../scripts/", import.meta.url));
const changelog = (title: string, changes = "### Added\n\n- Everything.\n") =>
  `# Changelog\n\n## [Unreleased]\n\n${title}\n\n${changes}\n## [0.1.0] - 2026-01-01\n\n### Added\n\n- A beginning.\n`;

let template: string;
let root: string;

beforeAll(() => {
  template = root = mkdtempSync(join(tmpdir(), "polyspawn-release-"));
  mkdirSync(join(root, "scripts"));
  for (const name of ["release.mjs", "changelog.mjs"]) {
    cpSync(join(scripts, name), join(root, "scripts", name));
  }
  write("deno.json", '{\n  "name": "@polyspawn/polyspawn",\n  "version": "0.1.0"\n}\n');
  write("CHANGELOG.md", changelog("## [0.2.0] - 2026-02-01"));
  checks("node -e 0");
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.name", "Test");
  git("config", "user.email", "test@example.org");
  git("config", "commit.gpgsign", "false");
  git("config", "tag.gpgsign", "false");
  commit();
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "polyspawn-release-"));
  cpSync(template, root, { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => rmSync(template, { recursive: true, force: true }));

it("writes the version once, commits it, and tags the commit", () => {
  expect(release("0.2.0")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("git push --follow-tags"),
  });
  expect(version()).toBe("0.2.0");
  expect(git("status", "--porcelain")).toBe("");
  expect(git("describe", "--exact-match")).toBe("v0.2.0");
  expect(git("diff", "--stat", "HEAD~1")).toContain("1 file changed, 1 insertion(+), 1 deletion(-)");
});

it("takes the version that is there from the beginning for the first release, without a commit", () => {
  write("CHANGELOG.md", changelog("").replace("## [Unreleased]\n\n\n\n### Added\n\n- Everything.\n\n", ""));
  commit();
  const before = git("rev-parse", "HEAD");
  expect(release("0.1.0")).toMatchObject({ status: 0 });
  expect(git("rev-parse", "v0.1.0^{commit}")).toBe(before);
});

it("leaves everything as it was when a check fails", () => {
  checks("node -e process.exit(3)");
  commit();
  expect(release("0.2.0").status).toBe(1);
  expect(version()).toBe("0.1.0");
  expect(git("status", "--porcelain")).toBe("");
  expect(git("tag", "--list")).toBe("");
});

describe("releases nothing", () => {
  it.each([
    ["without a version", "", "is no version"],
    ["with something else than a version", "next", '"next" is no version'],
    ["with an older version", "0.0.9", "0.0.9 is older than 0.1.0"],
    ["with a version before the one that is there", "0.1.0-rc.1", "0.1.0-rc.1 is older than 0.1.0"],
    ["with a version that the changelog does not have", "0.3.0", 'no section "## [0.3.0] - YYYY-MM-DD"'],
  ])("%s", (_, given, message) => refuses(given, message));

  it.each([
    ["without a date", changelog("## [0.2.0]"), 'make it "## [0.2.0] - YYYY-MM-DD"'],
    ["without a change", changelog("## [0.2.0] - 2026-02-01", "### Added\n"), "says nothing"],
    [
      "below an older one",
      changelog("## [0.1.5] - 2026-02-01").replace("0.1.0", "0.2.0"),
      "the newest goes first",
    ],
  ])("that the changelog has %s", (_, text, message) => {
    write("CHANGELOG.md", text);
    commit();
    refuses("0.2.0", message);
  });

  it("when the tree has changes", () => {
    write("extra.txt", "");
    refuses("0.2.0", "the tree has changes");
  });

  it("when the tag is there", () => {
    git("tag", "v0.2.0");
    refuses("0.2.0", "the tag v0.2.0 is there already");
  });
});

it("verifies that a tag, deno.json and the changelog agree", () => {
  expect(release("0.2.0").status).toBe(0);
  expect(release("--verify", "v0.2.0")).toMatchObject({ status: 0 });
  expect(release("--verify", "v0.3.0")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("version 0.2.0"),
  });
});

function refuses(given: string, message: string): void {
  const before = git("rev-parse", "HEAD");
  expect(release(given)).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  expect(git("rev-parse", "HEAD")).toBe(before);
  expect(version()).toBe("0.1.0");
}

function release(...args: string[]) {
  // Inside `npm test` npm has set its own variables, which would reach the `npm` in here.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return spawnSync("node", ["scripts/release.mjs", ...args], { cwd: root, encoding: "utf8", env });
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}

function commit(): void {
  git("add", "--all");
  git("commit", "--quiet", "--message", "change");
}

function write(name: string, text: string): void {
  writeFileSync(join(root, name), text);
}

/** What `npm run test` and the others run. */
function checks(command: string): void {
  const names = ["test", "build:npm", "pack:check"];
  write(
    "package.json",
    JSON.stringify({ scripts: Object.fromEntries(names.map((name) => [name, command])) }),
  );
}

function version(): string {
  return JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).version;
}
