/**
 * What the spawning helper does when its host is gone: the same as the watchdog's script, told in the same words.
 * @module
 */

/**
 * Plain JavaScript. `watch` takes a line of `WATCHDOG_SCRIPT`'s language, `started` and `ended` tell of the helper's own
 * children, and `killLeft` kills what is left, and no stranger that got a number again: see there for the proof.
 */
export const WATCH_PROGRAM = `
const fs = require("node:fs");

/** KEY -> { born, left }: when its first process was started, and when the group was last known to be ours. */
const watched = new Map();
const proc = fs.existsSync("/proc/self/stat") && fs.existsSync("/proc/uptime");

function look(pid) {
  try {
    const text = fs.readFileSync("/proc/" + pid + "/stat", "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { group: fields[2], session: fields[3], born: fields[19] };
  } catch {
    return undefined;
  }
}

/** Hundredths of a second since the system was started, which start times are in. */
function clock() {
  return proc ? Math.round(Number(fs.readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 100) : 0;
}

/** Whether a member of the group is as old as that. */
function proven(group, time) {
  return fs.readdirSync("/proc").some((name) => {
    if (!(Number(name) > 0)) return false;
    const found = look(name);
    return found && found.group === group && found.session === group && Number(found.born) <= time;
  });
}

function answers(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}

function started(key, pid) {
  const found = look(pid);
  watched.set(key, { born: found ? found.born : "", left: undefined });
  return watched.get(key).born;
}

function ended(key, pid) {
  const entry = watched.get(key);
  if (!entry) return;
  if (answers(-pid)) entry.left = clock();
  else watched.delete(key);
}

function watch(line) {
  const [op, key, value] = line.split(" ");
  const entry = watched.get(key);
  if (op === "+") {
    const found = value || look(key.slice(1));
    watched.set(key, { born: value || (found ? found.born : ""), left: undefined });
  } else if (op === "-") watched.delete(key);
  else if (!entry) return;
  else if (op === "x") entry.left = clock() - Number(value);
  else if (op === "r" && proc && entry.left !== undefined) {
    if (proven(key.slice(1), entry.left)) entry.left = clock();
    else watched.delete(key);
  }
}

function isOurs(id, group, entry) {
  if (!proc) return entry.left === undefined || !answers(Number(id));
  const found = look(id);
  if (found) return found.born === entry.born;
  return group && (entry.left === undefined || proven(id, entry.left));
}

function killLeft() {
  for (const [key, entry] of watched) {
    const id = key.slice(1);
    const group = key[0] === "g";
    try {
      if (isOurs(id, group, entry)) process.kill(group ? -id : Number(id), "SIGKILL");
    } catch {
      // It is gone, or was never ours to kill.
    }
  }
}
`;
