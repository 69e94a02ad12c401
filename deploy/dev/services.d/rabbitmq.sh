# The private RabbitMQ and its epmd. Sourced by `services`.
# shellcheck shell=bash

# Sets $rabbitmq_sbin: RabbitMQ's own scripts. The wrappers that distributions put in /usr/sbin switch users and drop the environment.
rabbitmq_find() {
  local dir
  rabbitmq_sbin=
  for dir in ${FANFARE_DEV_RABBITMQ_SBIN:+"$FANFARE_DEV_RABBITMQ_SBIN"} /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin \
    {/opt/homebrew,/usr/local,/home/linuxbrew/.linuxbrew}/opt/rabbitmq/sbin \
    "$(dirname "$(command -v rabbitmq-server || echo /none/rabbitmq)")"; do
    if [ -x "$dir/rabbitmq-server" ] && [ -f "$dir/rabbitmq-env" ]; then rabbitmq_sbin=$dir && break; fi
  done
  [ -n "$rabbitmq_sbin" ] && rabbitmq_find_epmd
}

# Sets $rabbitmq_epmd. Homebrew's Erlang is not always on the PATH of this shell, but it is beside RabbitMQ's.
rabbitmq_find_epmd() {
  PATH=$PATH:/opt/homebrew/opt/erlang/bin:/usr/local/opt/erlang/bin:/usr/lib/erlang/bin
  rabbitmq_epmd=$(command -v epmd) && command -v erl >/dev/null
}

# Sets $rabbitmq_user: empty for "as myself".
rabbitmq_find_user() {
  rabbitmq_user=
  [ "$(id -u)" = 0 ] || return 0
  if [ -d "$instance/data" ]; then
    rabbitmq_user=$(owner_of "$instance/data")
  elif user_exists rabbitmq; then
    rabbitmq_user=rabbitmq
  fi
}

# What tells these two processes from every other broker's on the machine, even when all files here are gone: an Erlang flag that
# nobody reads, and the name that epmd is started under.
rabbitmq_marker() { printf -- '-fanfare_instance %s-%s' "$checkout_id" "$variant"; }
rabbitmq_epmd_name() { printf 'fanfare-%s-%s/epmd' "$checkout_id" "$variant"; }

rabbitmq_pid() {
  local pid
  pid=$(cat "$instance/data/pid" 2>/dev/null || true)
  if is_running "$pid" beam.smp "$(rabbitmq_marker)"; then echo "$pid"; else find_running beam.smp "$(rabbitmq_marker)" | head -n 1; fi
}

# Listeners open at the end of the boot, and only a live broker answers an AMQP header with a frame (it has NULs in it).
rabbitmq_healthy() (
  local port answer
  port=$(recall port) && exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
  printf 'AMQP\0\0\011\001' >&3
  IFS= read -r -d '' -t 5 answer <&3 && [ "$answer" != AMQP ]
) 2>/dev/null

rabbitmq_url() { printf 'amqp://fanfare:%s@127.0.0.1:%s/%%2f\n' "$(recall password)" "$(recall port)"; }
rabbitmq_management_url() { printf 'http://fanfare:%s@127.0.0.1:%s\n' "$(recall password)" "$(recall management_port)"; }

rabbitmq_configure() {
  local data=$instance/data
  mkdir -p "$data/log"
  if [ ! -s "$data/.erlang.cookie" ]; then
    rm -f "$data/.erlang.cookie"
    (umask 077 && od -An -tx1 -N20 /dev/urandom | tr -d ' \n' >"$data/.erlang.cookie")
    chmod 400 "$data/.erlang.cookie"
  fi
  : >"$data/environment.conf"
  echo '[rabbitmq_management].' >"$data/enabled_plugins"
  (umask 077 && cat >"$data/rabbitmq.conf") <<CONF
listeners.tcp.1 = 127.0.0.1:$(recall port)
management.tcp.ip = 127.0.0.1
management.tcp.port = $(recall management_port)
default_user = fanfare
default_pass = $(recall password)
log.file.level = warning
CONF
  [ -z "$rabbitmq_user" ] || chown -R "$rabbitmq_user" "$data"
}

# Starts it and does not wait for it. The last three settings keep it off every interface but loopback.
rabbitmq_launch() {
  local data=$instance/data
  keep_port port
  keep_port management_port
  keep_port distribution_port
  keep_port epmd_port
  rabbitmq_configure
  [ ! -f "$data/log/rabbitmq.log" ] || mv "$data/log/rabbitmq.log" "$data/log/rabbitmq.previous.log"
  rm -f "$data/pid"
  # shellcheck disable=SC2016  # for the inner shell
  run_as "$rabbitmq_user" bash -c 'exec -a "$@"' bash "$(rabbitmq_epmd_name)" \
    "$rabbitmq_epmd" -daemon -address 127.0.0.1 -port "$(recall epmd_port)"
  run_as "$rabbitmq_user" env HOME="$data" PATH="$PATH" \
    RABBITMQ_NODENAME="fanfare-$checkout_id-$variant@localhost" \
    RABBITMQ_MNESIA_BASE="$data/mnesia" RABBITMQ_LOG_BASE="$data/log" RABBITMQ_LOGS="$data/log/rabbitmq.log" \
    RABBITMQ_PID_FILE="$data/pid" RABBITMQ_CONF_ENV_FILE="$data/environment.conf" \
    RABBITMQ_CONFIG_FILE="$data/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$data/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$data/enabled_plugins" \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$(recall port)" RABBITMQ_DIST_PORT="$(recall distribution_port)" \
    ERL_EPMD_PORT="$(recall epmd_port)" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} $(rabbitmq_marker)" \
    "$rabbitmq_sbin/rabbitmq-server" -detached >"$data/log/start.log" 2>&1
}

# First half of starting: returns at once, so that PostgreSQL can start meanwhile.
rabbitmq_begin() {
  rabbitmq_started=$SECONDS
  rabbitmq_result=up
  rabbitmq_find_user
  if [ -n "$(rabbitmq_pid)" ]; then return 0; fi
  rabbitmq_result=started
  rabbitmq_stop_epmd
  keep_password ""
  say "rabbitmq: starting; takes 5 to 15 s, up to 120 s on a busy machine"
  rabbitmq_launch
}

# Second half: waits until it answers.
rabbitmq_await() {
  local next=$((SECONDS + 10)) give_up=$((SECONDS + 120)) grace=$((SECONDS + 10)) retries=0
  until rabbitmq_healthy; do
    if [ -z "$(rabbitmq_pid)" ] && [ "$SECONDS" -ge "$grace" ]; then
      # A port taken by somebody else between the check and the start is worth another try; anything else repeats itself.
      retries=$((retries + 1))
      grep -qs 'eaddrinuse' "$instance"/data/log/* && [ "$retries" -le 2 ] || rabbitmq_failed "stopped while starting"
      rabbitmq_stop_epmd
      rabbitmq_launch
      grace=$((SECONDS + 10))
    fi
    [ "$SECONDS" -lt "$give_up" ] || rabbitmq_failed "did not answer within 120 s"
    if [ "$SECONDS" -ge "$next" ]; then
      say "rabbitmq: still starting, $((SECONDS - rabbitmq_started)) s"
      next=$((SECONDS + 10))
    fi
    sleep 0.2
  done
  say "rabbitmq: $rabbitmq_result on port $(recall port) after $((SECONDS - rabbitmq_started)) s"
}

rabbitmq_failed() {
  show_log "$instance/data/log/start.log"
  show_log "$instance/data/log/rabbitmq.log"
  rabbitmq_stop quick
  die "rabbitmq $1"
}

# $1: `soft` lets it close its queues (8 s and more); `quick` and `crash` are kill -9.
rabbitmq_stop() {
  local pid
  pid=$(rabbitmq_pid)
  if [ -n "$pid" ] && [ "$1" = soft ]; then
    kill -TERM "$pid" 2>/dev/null || true
    await_gone "$pid" 40 || say "rabbitmq: does not stop, killing it"
  fi
  for pid in $(find_running beam.smp "$(rabbitmq_marker)"); do kill_hard "$pid"; done
  rabbitmq_stop_epmd
}

rabbitmq_stop_epmd() {
  local pid
  for pid in $(find_running epmd "$(rabbitmq_epmd_name)"); do
    kill -TERM "$pid" 2>/dev/null || true
    await_gone "$pid" 5 || kill_hard "$pid"
  done
}

rabbitmq_wipe() { rm -rf "$instance/data"; }
