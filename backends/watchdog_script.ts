/**
 * What the watchdog runs: it reads what its host starts, and kills what is left of that when the host is gone.
 * @module
 */

/**
 * A POSIX shell program without a single command of its own to start. Each line of its input is one of
 *
 * - `+ KEY START`: watch; KEY is `g` and the number of a group, or `p` and that of a process alone, START the time its
 *   first process was started, as `/proc` has it (where that is missing it looks itself);
 * - `x KEY AGO`: the group's first process has ended, AGO hundredths of a second ago, and others are left;
 * - `r KEY`: after `x`, and from time to time: look whether others are still left;
 * - `- KEY`: nothing is left of it.
 *
 * A number that was used again belongs to a stranger, and so nothing is killed without proof. A process in use keeps its
 * number, so one with another start time is a stranger. A group keeps its number too while it has members, and so does
 * the session it is in, which nobody can join: a member that is older than the last moment at which the group was known
 * to be ours proves that it still is.
 */
export const WATCHDOG_SCRIPT = `trap "" HUP INT QUIT TERM
keys=" "
proc=
if [ -r /proc/self/stat ] && [ -r /proc/uptime ]; then proc=1; fi

# look PID: sets born, which is empty when there is no such process, group and session.
look() {
  line= born= group= session=
  while read -r part; do line=$part; done <"/proc/$1/stat" || return
  set -f
  set -- \${line##*\\)}
  group=$3 session=$4 born=\${20}
}

# clock: sets now, in the hundredths of a second that start times are in.
clock() {
  read -r now rest </proc/uptime
  now=$((\${now%.*} * 100 + 1\${now#*.} - 100))
}

# proven GROUP TIME: whether a member is as old as that.
proven() {
  set +f
  for directory in /proc/[0-9]*; do
    look "\${directory#/proc/}"
    [ "$group" = "$1" ] && [ "$session" = "$1" ] && [ "$born" -le "$2" ] && return
  done
  return 1
}

forget() {
  case $keys in *" $1 "*)
    before=\${keys%%" $1 "*} after=\${keys#*" $1 "}
    keys="$before $after"
    ;;
  esac
  unset "born_$1" "left_$1"
}

while read -r op key value; do
  id=\${key#?}
  case $op in
  +)
    case $keys in *" $key "*) ;; *) keys="$keys$key " ;; esac
    if [ ! "$value" ] && [ "$proc" ]; then look "$id"; value=$born; fi
    eval "born_$key=\\$value left_$key="
    ;;
  x)
    now=0
    if [ "$proc" ]; then clock; fi
    eval "left_$key=\$((now - value))"
    ;;
  r)
    if [ "$proc" ]; then
      clock
      eval "left=\\$left_$key"
      if [ "$left" ] && proven "$id" "$left"; then eval "left_$key=$now"; else forget "$key"; fi
    fi
    ;;
  -) forget "$key" ;;
  esac
done

for key in $keys; do
  id=\${key#?}
  eval "known=\\$born_$key left=\\$left_$key"
  case $key in g*) target=-$id ;; *) target=$id ;; esac
  if [ ! "$proc" ]; then
    [ "$left" ] && kill -0 "$id" && continue
  else
    look "$id"
    if [ "$born" ]; then
      [ "$born" = "$known" ] || continue
    elif [ "$target" = "$id" ]; then
      continue
    elif [ "$left" ]; then
      proven "$id" "$left" || continue
    fi
  fi
  kill -KILL "$target"
done
`;
