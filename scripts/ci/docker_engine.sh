#!/usr/bin/env bash
# Runs a command beside a Docker engine of its own, which is stopped when the command has ended:
#
#   bash scripts/ci/docker_engine.sh node scripts/test.mjs node deno bun -- test/docker
#
# It needs Debian's packages docker.io and busybox-static, and root or sudo. The engine has its own socket and its own
# directories, and touches neither networks nor firewalls. The command finds it by POLYSPAWN_DOCKER_HOST (a unix
# socket), POLYSPAWN_DOCKER_TCP (the same engine) and POLYSPAWN_DOCKER_IMAGE (busybox, and a user of number 1000).
set -euo pipefail

as_root=()
((EUID == 0)) || as_root=(sudo)
directory=$(mktemp -d "${TMPDIR:-/tmp}/polyspawn-docker.XXXXXX")
image=polyspawn-test
# Any port: which one is in the engine's log.
port=$((20000 + RANDOM % 10000))
export PATH=$PATH:/usr/sbin:/sbin

# What an engine leaves that had to be killed: helpers that name its directory, and containers that live on its files.
end_leftovers() {
  local process
  for process in /proc/[0-9]*; do
    # It may end while it is looked at.
    if {
      tr '\0' ' ' <"$process/cmdline" | grep -qF "$directory/run" ||
        { [[ $(readlink "$process/ns/mnt") != $(readlink /proc/self/ns/mnt) ]] &&
          grep -qF "$directory/data" "$process/mountinfo"; }
    } 2>/dev/null; then
      "${as_root[@]}" kill -KILL "${process#/proc/}" 2>/dev/null || true
    fi
  done
}

stop() {
  local pid
  pid=$(cat "$directory/pid" 2>/dev/null) || true
  if [[ -n $pid ]]; then
    "${as_root[@]}" kill "$pid" 2>/dev/null || true
    # It ends its containers first.
    for ((i = 0; i < 300; i++)); do
      [[ -e /proc/$pid ]] || break
      sleep 0.1
    done
    [[ ! -e /proc/$pid ]] || "${as_root[@]}" kill -KILL "$pid" 2>/dev/null || true
  fi
  end_leftovers
  # The namespace of the machine's own network stays mounted.
  while read -r _ mounted _; do
    [[ $mounted != "$directory"/* ]] || "${as_root[@]}" umount "$mounted" || true
  done < <(tac /proc/mounts)
  "${as_root[@]}" rm -rf "$directory" || true
}
trap stop EXIT

"${as_root[@]}" dockerd \
  --host "unix://$directory/socket" --host "tcp://127.0.0.1:$port" --tls=false \
  --data-root "$directory/data" --exec-root "$directory/run" --pidfile "$directory/pid" \
  --bridge=none --iptables=false --ip6tables=false --group "$(id -gn)" >"$directory/log" 2>&1 </dev/null &

ask() { curl --silent --show-error --fail --max-time 60 --unix-socket "$directory/socket" "$@"; }
for ((i = 0; ; i++)); do
  ask http://engine/_ping >/dev/null 2>&1 && break
  if ((i == 300)); then
    echo "The Docker engine did not start:" >&2
    tail -n 30 "$directory/log" >&2
    exit 1
  fi
  sleep 0.1
done

# An image is what a root directory holds.
root=$directory/root
mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr,var}
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done
ln -s ../bin "$root/usr/bin"
printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000::/home:/bin/sh >"$root/etc/passwd"
printf '%s\n' root:x:0: user:x:1000: >"$root/etc/group"
tar --create --directory "$root" --owner=0 --group=0 . |
  ask --request POST --header 'Content-Type: application/x-tar' --data-binary @- \
    "http://engine/images/create?fromSrc=-&repo=$image&tag=latest" >/dev/null

export POLYSPAWN_DOCKER_HOST=unix://$directory/socket
export POLYSPAWN_DOCKER_TCP=tcp://127.0.0.1:$port
export POLYSPAWN_DOCKER_IMAGE=$image
# The examples of the documentation find the engine and the image as users do.
export DOCKER_HOST=$POLYSPAWN_DOCKER_HOST
ask --request POST "http://engine/images/$image/tag?repo=busybox" >/dev/null
ask http://engine/version | grep -o '"Version":"[^"]*"' | head -n 1
status=0
"$@" || status=$?
exit "$status"
