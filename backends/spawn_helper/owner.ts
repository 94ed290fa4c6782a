/**
 * On whose behalf this process runs.
 * @module
 */
import process from "node:process";

/** The user and the groups, as a text: a helper started for another one must start nothing for this one. */
export function owner(): string {
  const { getuid, geteuid, getgid, getegid, getgroups } = process;
  return [getuid?.(), geteuid?.(), getgid?.(), getegid?.(), ...getgroups?.() ?? []].join(" ");
}
