/** The changelog in Keep a Changelog form: a section for every version, the newest first. */

/**
 * What the changelog says of a version; throws, with the way out, where it says nothing or in another form.
 * @param {string} text the whole changelog
 * @param {string} version such as "0.2.0"
 */
export function sectionOf(text, version) {
  const sections = text.split(/^## /m).slice(1);
  const section = sections.find((each) => each.startsWith(`[${version}]`));
  if (!section) throw new Error(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD": write one.`);
  const [title, ...lines] = section.split("\n");
  if (!/^\[[^\]]+\] - \d{4}-\d{2}-\d{2}\s*$/.test(title)) {
    throw new Error(`CHANGELOG.md calls the section "## ${title}": make it "## [${version}] - YYYY-MM-DD".`);
  }
  const newest = sections.find((each) => !/^\[Unreleased\]/i.test(each));
  if (newest !== section) {
    throw new Error(`CHANGELOG.md has ${newest.split("\n")[0]} above ${title}: the newest goes first.`);
  }
  const changes = lines.filter((line) => line.trim() !== "" && !/^### |^\[[^\]]+\]:/.test(line));
  if (changes.length === 0) {
    throw new Error(`CHANGELOG.md says nothing below "## ${title}": list what changed.`);
  }
  return lines.join("\n").trim();
}
