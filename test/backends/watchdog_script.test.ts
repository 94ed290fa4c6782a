/**
 * The watchdog's shell program by itself: what it kills at the end of its input, and what it leaves alone.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { afterEach, describe, expect, it } from "vitest";
import { WATCHDOG_SCRIPT } from "../../backends/watchdog_script.ts";
import { isInstalled } from "../support/installed.ts";
import { isRunning, killAll } from "../support/liveness.ts";
import { until } from "../support/within.ts";

const started: number[] = [];
afterEach(() => started.splice(0).forEach(killAll));

/** A process that leads a group; where it leaves a member behind and exits, `member` is that. */
async function startLeader(text = "echo $$; exec sleep 600"): Promise<{ pid: number; member: number }> {
  const child = spawn("sh", ["-c", text], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  started.push(child.pid!);
  const exited = once(child, "exit");
  const [line] = await once(child.stdout.setEncoding("utf8"), "data") as [string];
  if (text.includes("&")) await exited;
  child.unref();
  return { pid: child.pid!, member: Number(line) };
}

const startTime = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
};

/** Starts the watchdog's program. */
function startWatchdog(shell: string, program = WATCHDOG_SCRIPT) {
  const options = {
    argv0: "sh",
    stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"],
    env: PATH_ONLY,
  };
  return spawn(shell, ["-c", program, "watchdog-under-test"], options);
}
const PATH_ONLY = { PATH: process.env["PATH"] };

/** Runs the watchdog over some lines; when it has ended, so has all it was to kill. */
async function watch(shell: string, lines: string[]): Promise<void> {
  const watchdog = startWatchdog(shell);
  watchdog.stdin.end(lines.map((line) => `${line}\n`).join(""));
  await once(watchdog, "exit");
}

const linux = process.platform === "linux";
/** Shells that some system has as its /bin/sh, called by that name. */
const shells = ["/bin/sh", "dash", "bash", "busybox", "ksh", "mksh"].filter((name) =>
  name.startsWith("/") || isInstalled(name)
);

describe.skipIf(!linux).each(shells)("in %s", (shell) => {
  it("kills a group, and a process alone", async () => {
    const group = await startLeader();
    const alone = await startLeader();
    await watch(shell, [
      `+ g${group.pid} ${startTime(group.pid)}`,
      `+ p${alone.pid} ${startTime(alone.pid)}`,
    ]);
    await until(() => !isRunning(group.pid) && !isRunning(alone.pid));
  });

  it("looks for the start time itself when it is told none", async () => {
    const { pid } = await startLeader();
    await watch(shell, [`+ g${pid} `]);
    await until(() => !isRunning(pid));
  });

  it("leaves alone what it was told is gone, and what is watched beside it not", async () => {
    const [gone, stays, also] = [await startLeader(), await startLeader(), await startLeader()];
    await watch(shell, [
      ...[stays, gone, also].map(({ pid }) => `+ g${pid} ${startTime(pid)}`),
      `- g${gone.pid}`,
    ]);
    await until(() => !isRunning(stays.pid) && !isRunning(also.pid));
    expect(isRunning(gone.pid)).toBe(true);
  });

  it("leaves alone a process that was started at another time", async () => {
    const { pid } = await startLeader();
    await watch(shell, [
      `+ g${pid} ${Number(startTime(pid)) - 1}`,
      `+ p${pid} ${Number(startTime(pid)) - 1}`,
    ]);
    expect(isRunning(pid)).toBe(true);
  });

  it("kills what a process left in its group when it ended unseen", async () => {
    const { pid, member } = await startLeader("sleep 600 & echo $!");
    await watch(shell, [`+ g${pid} 1`]);
    await until(() => !isRunning(member));
  });

  it("kills what an ended process left in its group, if a member is old enough to prove it", async () => {
    const { pid, member } = await startLeader("sleep 600 & echo $!");
    await watch(shell, [`+ g${pid} 1`, `x g${pid} 0`, `r g${pid}`]);
    await until(() => !isRunning(member));
  });

  it("leaves alone a group whose members are all younger than the last sight of it", async () => {
    const { pid, member } = await startLeader("sleep 600 & echo $!");
    await watch(shell, [`+ g${pid} 1`, `x g${pid} 360000`]);
    await watch(shell, [`+ g${pid} 1`, `x g${pid} 360000`, `r g${pid}`]);
    expect(isRunning(member)).toBe(true);
  });

  it("knows a process by its number, whatever its name is", async () => {
    const { pid } = await startLeader(
      `exec perl -e '$0 = "a) S 1\\n1 1 (b"; $| = 1; print "$$\\n"; sleep 600'`,
    );
    expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toContain(")");
    await watch(shell, [`+ g${pid} ${startTime(pid)}`]);
    await until(() => !isRunning(pid));
  });

  it("ignores a line that was cut off", async () => {
    const { pid } = await startLeader();
    const watchdog = startWatchdog(shell);
    watchdog.stdin.end(`+ g${pid} ${startTime(pid)}`);
    await once(watchdog, "exit");
    expect(isRunning(pid)).toBe(true);
  });

  it("does not die of the signals that end its host", async () => {
    const { pid } = await startLeader();
    // The first line of the program is what the test is about: who has seen it says so.
    const watchdog = startWatchdog(shell, WATCHDOG_SCRIPT.replace("\n", "\necho listening\n"));
    watchdog.stdin.write(`+ g${pid} ${startTime(pid)}\n`);
    await once(watchdog.stdout, "data");
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) watchdog.kill(signal);
    watchdog.stdin.end();
    await once(watchdog, "exit");
    await until(() => !isRunning(pid));
  });
});

/** Whether a namespace of process numbers can be made, in which the next number can be chosen. */
const namespace = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
const canChoose = linux && isInstalled("unshare") &&
  spawnSync(namespace[0]!, [...namespace.slice(1), "sh", "-c", "echo 700 >/proc/sys/kernel/ns_last_pid"])
      .status === 0;

/** Starts the watchdog with its input on descriptor 3, and can give a number to a process again. */
const PRELUDE = `
mkfifo "$DIR/pipe"
sh -c "$SCRIPT" <"$DIR/pipe" 3>&- & watchdog=$!
exec 3>"$DIR/pipe"
started() { stat=$(cat /proc/$1/stat); set -- \${stat##*)}; echo \${20}; }
reuse() { echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; }
alive() { case $(cat /proc/$1/stat 2>/dev/null) in "" | *") Z "*) echo dead ;; *) echo alive ;; esac; }
# The watchdog has done what it was told before: a full pipe takes more only when that was read.
sync() { head -c 70000 /dev/zero | tr '\\0' '\\n' >&3; }
settle() { exec 3>&-; wait $watchdog; }
`;

// Needs a kernel and a user that may make namespaces.
describe.skipIf(!canChoose)("a number that was used again", () => {
  const inNamespace = (text: string) => {
    const directory = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
    try {
      const env = { ...process.env, SCRIPT: WATCHDOG_SCRIPT, DIR: directory };
      const argv = [...namespace.slice(1), "sh", "-c", PRELUDE + text];
      return execFileSync(namespace[0]!, argv, {
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
    } finally {
      execFileSync("rm", ["-rf", directory]);
    }
  };

  it("belongs to a stranger, who lives on", () => {
    const text = `
      setsid sleep 600 3>&- & leader=$!
      echo "+ g$leader $(started $leader)" >&3
      kill -KILL $leader; wait $leader
      sleep 0.05
      reuse $leader
      setsid sleep 600 3>&- & stranger=$!
      [ $stranger = $leader ] && echo reused
      settle; alive $stranger`;
    expect(inNamespace(text)).toBe("reused\nalive\n");
  });

  it("belongs to a stranger's group, whose members live on without its leader", () => {
    const text = `
      setsid sh -c 'sleep 600 & echo $! >$DIR/member' 3>&- & leader=$!
      echo "+ g$leader $(started $leader)" >&3
      wait $leader; member=$(cat $DIR/member)
      echo "x g$leader 0" >&3
      sync
      sleep 0.05 # so that whoever comes next is younger, as start times can tell
      kill -KILL $member
      while [ -e /proc/$member ]; do sleep 0.01; done
      reuse $leader
      setsid sh -c 'sleep 600 & echo $! >$DIR/member' 3>&- & stranger=$!
      wait $stranger; member=$(cat $DIR/member)
      [ $stranger = $leader ] && echo reused
      settle; alive $member`;
    expect(inNamespace(text)).toBe("reused\nalive\n");
  });

  it("is not what a group has whose members came one from the other, while somebody looked", () => {
    const text = `
      step() { while [ ! -e $DIR/$1 ]; do sleep 0.02; done; }
      setsid sh -c '
        (while [ ! -e $DIR/fork ]; do sleep 0.02; done; sleep 600 & echo $! >$DIR/member
         while [ ! -e $DIR/end ]; do sleep 0.02; done; : >$DIR/ended) & :' 3>&- & leader=$!
      echo "+ g$leader $(started $leader)" >&3
      wait $leader
      echo "x g$leader 0" >&3
      sync; sleep 0.05
      : >$DIR/fork; step member; member=$(cat $DIR/member)
      echo "r g$leader" >&3
      sync
      : >$DIR/end; step ended
      settle
      # Death takes a moment.
      until [ $(alive $member) = dead ]; do sleep 0.05; done
      alive $member`;
    expect(inNamespace(text)).toBe("dead\n");
  });
});
