# What `services` can be told to do. Sourced by it.
# shellcheck shell=bash

# Sets $programs from the arguments; all of them when none is named.
read_programs() {
  programs=
  local program
  for program in "$@"; do
    case "$program" in
      postgres | rabbitmq) programs="$programs $program" ;;
      *) die "postgres or rabbitmq, not '$program'" ;;
    esac
  done
  programs=${programs:- postgres rabbitmq}
}

# The names that the environment may give instead of an instance, and prints the one that is set.
given() {
  local name
  case "$1" in
    postgres) name=FANFARE__DATABASE__URL ;;
    rabbitmq) name=FANFARE__BROKER__URL ;;
  esac
  if [ -n "$(printenv "$name")" ]; then
    echo "$name"
  elif [ -n "$(printenv "${name}_FILE")" ]; then
    echo "${name}_FILE"
  else
    return 1
  fi
}

mode() { recall mode || echo native; }

running() {
  if [ "$(mode)" = docker ]; then docker_running "$1"; else [ -n "$("${1}_pid")" ]; fi
}

stop() {
  if [ "$(mode)" = docker ]; then docker_stop "$@"; else "${1}_stop" "$2"; fi
}

# As root, the user that the data will belong to.
service_user() {
  local user
  [ "$(id -u)" = 0 ] || return 0
  for user in postgres rabbitmq; do
    if user_exists "$user"; then echo "$user" && return 0; fi
  done
}

enter() {
  mkdir -p "$checkout/.dev" 2>/dev/null && [ -w "$checkout/.dev" ] ||
    die "$checkout/.dev is not writable for $(id -un): was it made by another user?"
  lock
  find_home
}

command_up() {
  local program begun=""
  read_programs "$@"
  enter
  for program in $programs; do
    if given "$program" >/dev/null; then
      say "$program: using $(given "$program") of the environment"
      continue
    fi
    use_instance "$program"
    choose_mode "$program"
    make_home "$([ "$wanted" = docker ] || service_user)"
    use_instance "$program"
    mkdir -p "$instance"
    if [ "$(mode)" != "$wanted" ] && running "$program"; then stop "$program" soft; fi
    remember mode "$wanted"
    if [ "$wanted" = docker ]; then docker_up "$program"; else begun="$begun $program"; fi
  done
  # RabbitMQ takes far longer, so it starts first and is waited for last.
  case "$begun" in *rabbitmq*) use_instance rabbitmq && rabbitmq_begin ;; esac
  case "$begun" in *postgres*) use_instance postgres && postgres_up ;; esac
  case "$begun" in *rabbitmq*) use_instance rabbitmq && rabbitmq_await ;; esac
}

# Prints the environment; fails for a program that was named and is not up.
command_env() {
  local program name printed=""
  read_programs "$@"
  find_home
  for program in $programs; do
    use_instance "$program"
    if name=$(given "$program"); then
      printf '%s=%s\n' "$name" "$(printenv "$name")"
    elif running "$program"; then
      [ -r "$instance/password" ] || die "$program of this checkout belongs to $(owner_of "$instance")"
      case "$program" in
        postgres)
          printf 'FANFARE__DATABASE__URL=%s\n' "$(postgres_url)"
          # Where psql and pgbench are.
          if [ "$(mode)" = native ] && postgres_find; then printf 'FANFARE_DEV_POSTGRES_BIN=%s\n' "$postgres_bin"; fi
          ;;
        rabbitmq)
          printf 'FANFARE__BROKER__URL=%s\n' "$(rabbitmq_url)"
          printf 'FANFARE_DEV_BROKER_MANAGEMENT_URL=%s\n' "$(rabbitmq_management_url)"
          ;;
      esac
    elif [ $# -gt 0 ]; then
      die "$program is not up: deploy/dev/services --for $variant up $program"
    else
      continue
    fi
    printed=1
  done
  [ -n "$printed" ] || die "nothing is up: deploy/dev/services --for $variant up"
}

command_exec() {
  local line lines named=""
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    named="$named $1"
    shift
  done
  [ $# -ge 2 ] || die "exec [postgres] [rabbitmq] -- COMMAND..."
  shift
  # shellcheck disable=SC2086  # words of ours
  lines=$(command_env $named)
  while IFS= read -r line; do
    # shellcheck disable=SC2163  # it is name=value
    export "$line"
  done <<<"$lines"
  exec "$@"
}

command_status() {
  local program directory state
  find_home
  for directory in "$home"/*/; do
    variant=$(basename "$directory")
    for program in postgres rabbitmq; do
      use_instance "$program"
      [ -d "$instance" ] || continue
      state=down
      if running "$program"; then state=up; fi
      if [ "$state" = up ] && [ "$(mode)" = native ]; then
        "${program}_find" || true
        "${program}_healthy" || state='not answering'
        state="$state, process $("${program}_pid")"
      fi
      printf '%-8s %-9s %s, port %s, %s, %s\n' "$variant" "$program" "$state" "$(recall port || echo -)" "$(mode)" "$instance"
    done
  done
}

command_down() {
  local program only=$variant wipe=""
  if [ "${1:-}" = --wipe ]; then wipe=1 && shift; fi
  read_programs "$@"
  enter
  for home in "$checkout/.dev" "$fallback_home"; do
    for variant in ${only:-$(variants)}; do
      for program in $programs; do
        use_instance "$program"
        take_down "$program" "$wipe"
      done
      [ -z "$wipe" ] || rmdir "$home/$variant" 2>/dev/null || true
    done
  done
  [ -z "$wipe" ] || ! rmdir "$fallback_home" 2>/dev/null || rm -f "$checkout/.dev/services.home"
}

# $2: not empty when its data is to go as well.
take_down() {
  local how=soft
  # Of data that is thrown away, or of tests, nothing needs to be put in order.
  if [ -n "$2" ] || [ "$variant" = test ]; then how=quick; fi
  if running "$1"; then
    stop "$1" "$how"
    say "$variant $1: stopped"
  elif [ "$1" = rabbitmq ]; then
    rabbitmq_stop_epmd
  fi
  if [ -n "$2" ] && [ -d "$instance" ]; then
    wipe_data "$1"
    rm -rf "$instance"
  fi
}

# `run` and `test` also when their directories were deleted under them.
variants() {
  { echo run && echo test && for directory in "$home"/*/postgres "$home"/*/rabbitmq; do
    [ ! -d "$directory" ] || basename "$(dirname "$directory")"
  done; } | sort -u
}

wipe_data() {
  [ -d "$instance" ] || return 0
  if [ "$(mode)" = docker ]; then docker_wipe "$1"; else "${1}_wipe"; fi
  say "$variant $1: data deleted"
}

read_one_program() {
  [ $# -eq 1 ] || die "name one program: postgres or rabbitmq"
  read_programs "$1"
}

command_kill9() {
  read_one_program "$@"
  enter
  use_instance "$1"
  running "$1" || die "$1 is not up"
  stop "$1" crash
}

command_wipe() {
  read_one_program "$@"
  command_kill9 "$1"
  wipe_data "$1"
  command_up "$1"
}
