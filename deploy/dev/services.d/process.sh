# Processes, ports and users. Sourced by `services`.
# shellcheck shell=bash

# Runs a command as another user, or as this one when the name is empty. In / since the checkout may be closed to that user, and
# without the lock, which would otherwise be held as long as the command's daemon lives.
run_as() (
  local user=$1
  shift
  cd /
  exec 9>&-
  if [ -z "$user" ] || [ "$user" = "$(id -un)" ]; then
    exec "$@"
  elif command -v setpriv >/dev/null; then
    exec setpriv --reuid "$user" --regid "$(id -gn "$user")" --init-groups -- "$@"
  else
    # shellcheck disable=SC2016  # for the inner shell
    exec su "$user" -s /bin/sh -c 'exec "$@"' -- sh "$@"
  fi
)

user_exists() { id "$1" >/dev/null 2>&1; }
owner_of() { stat -c %U "$1" 2>/dev/null || stat -f %Su "$1"; }

arguments_of() {
  if [ -d /proc/self ]; then
    tr '\0' ' ' <"/proc/$1/cmdline"
  else
    ps -ww -o args= -p "$1"
  fi 2>/dev/null
}

# True when the process runs that program with that text in its arguments. A process id alone proves nothing: it may have been
# given to somebody else since it was written down.
is_running() {
  local pid=$1 program=$2 marker=$3 arguments
  [ -n "$pid" ] && arguments=$(arguments_of "$pid") || return 1
  case "${arguments%% *}" in
    "$program" | */"$program") ;;
    *) return 1 ;;
  esac
  case "$arguments " in
    *"$marker "*) return 0 ;;
    *) return 1 ;;
  esac
}

# Prints the ids of all such processes, also of those whose pid file was lost.
find_running() {
  local program=$1 marker=$2 word=${2##* } candidates pid
  if [ -d /proc/self ]; then
    candidates=$(grep -lsF -- "$word" /proc/[0-9]*/cmdline | tr -cd '0-9\n' || true)
  else
    # shellcheck disable=SC2009  # pgrep is not everywhere
    candidates=$(ps -axww -o pid= -o args= | grep -F -- "$word" | sed 's/^ *//; s/ .*//' || true)
  fi
  for pid in $candidates; do
    if is_running "$pid" "$program" "$marker"; then echo "$pid"; fi
  done
}

# Waits for a process to be gone; fails when it is still there after so many seconds. A dead process that nobody has reaped (in a
# container without an init) still has its id, but no arguments.
await_gone() {
  local pid=$1 until=$((SECONDS + $2))
  while kill -0 "$pid" 2>/dev/null && [ -n "$(arguments_of "$pid")" ]; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

kill_hard() {
  kill -KILL "$1" 2>/dev/null || return 0
  await_gone "$1" 10 || die "process $1 survives kill -9"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Keeps the port of that name when nobody else has it, else picks a free one and remembers it. Below 32768, where neither Linux nor
# macOS takes ports for outgoing connections.
ports_of_this_run=' '
keep_port() {
  local name=$1 port tries=0
  port=$(recall "$name" || true)
  while [ -z "$port" ] || [[ "$ports_of_this_run" = *" $port "* ]] || port_taken "$port"; do
    tries=$((tries + 1))
    [ "$tries" -le 200 ] || die "found no free port on 127.0.0.1"
    port=$((20000 + RANDOM % 12000))
  done
  ports_of_this_run="$ports_of_this_run$port "
  remember "$name" "$port"
}
