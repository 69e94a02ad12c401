# The private PostgreSQL. Sourced by `services`.
# shellcheck shell=bash

postgres_oldest=15

# Sets $postgres_bin: the newest installed version, or the one that wrote the data that is already here.
postgres_find() {
  local dir major best=0 wanted
  postgres_bin=
  wanted=$(cat "$instance/data/PG_VERSION" 2>/dev/null || true)
  for dir in ${FANFARE_DEV_POSTGRES_BIN:+"$FANFARE_DEV_POSTGRES_BIN"} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    {/opt/homebrew,/usr/local,/home/linuxbrew/.linuxbrew}/opt/postgresql@*/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
    [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/psql" ] || continue
    major=$("$dir/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    [ "$major" -ge "$postgres_oldest" ] || continue
    if [ "$major" = "$wanted" ] || { [ -z "$wanted" ] && [ "$major" -gt "$best" ]; }; then
      postgres_bin=$dir
      best=$major
    fi
    [ "$dir" != "${FANFARE_DEV_POSTGRES_BIN:-}" ] || [ -z "$postgres_bin" ] || break
  done
  [ -n "$postgres_bin" ]
}

# Sets $postgres_user: empty for "as myself".
postgres_find_user() {
  postgres_user=
  [ "$(id -u)" = 0 ] || return 0
  if [ -d "$instance/data" ]; then
    postgres_user=$(owner_of "$instance/data")
  elif user_exists postgres; then
    postgres_user=postgres
  else
    die "PostgreSQL does not run as root and there is no user 'postgres': run this as an ordinary user"
  fi
}

postgres_pid() {
  local pid
  pid=$(head -n 1 "$instance/data/postmaster.pid" 2>/dev/null || true)
  if is_running "$pid" postgres "-D $instance/data"; then echo "$pid"; else find_running postgres "-D $instance/data" | head -n 1; fi
}

# $1: a database, $2: SQL; from standard input, since arguments are for everybody to see.
postgres_query() {
  PGPASSWORD=$(recall password) PGCONNECT_TIMEOUT=3 "$postgres_bin/psql" -X -q -A -t -w \
    -h 127.0.0.1 -p "$(recall port)" -U fanfare -d "$1" -f - <<<"$2" 2>&1
}

postgres_healthy() { [ "$(postgres_query fanfare 'SELECT 1' || true)" = 1 ]; }

postgres_url() { printf 'postgres://fanfare:%s@127.0.0.1:%s/fanfare\n' "$(recall password)" "$(recall port)"; }

# The test set gives up durability, but not commit order: even there, killing PostgreSQL (not the machine) loses nothing.
postgres_fsync() {
  local fallback=on
  [ "$variant" != test ] || fallback=off
  case "${FANFARE_DEV_FSYNC:-$fallback}" in
    on | off) printf '%s\n' "${FANFARE_DEV_FSYNC:-$fallback}" ;;
    *) die "FANFARE_DEV_FSYNC is on or off" ;;
  esac
}

postgres_init() {
  local library
  [ ! -f "$instance/data/PG_VERSION" ] || return 0
  if library=$("$postgres_bin/pg_config" --pkglibdir 2>/dev/null); then
    ls "$library"/pg_stat_statements.* >/dev/null 2>&1 ||
      die "PostgreSQL's contrib modules are missing (pg_stat_statements); install the package postgresql-contrib"
  fi
  # No PG_VERSION means that an earlier initdb did not finish.
  rm -rf "$instance/data"
  mkdir -m 700 "$instance/data"
  [ -z "$postgres_user" ] || chown "$postgres_user" "$instance/data"
  LC_ALL=C run_as "$postgres_user" "$postgres_bin/initdb" -D "$instance/data" -U fanfare --pwfile="$instance/password" \
    --auth=password --encoding=UTF8 --locale=C --no-sync >"$instance/initdb.log" 2>&1 ||
    { show_log "$instance/initdb.log" && die "initdb failed"; }
  echo "include_if_exists = 'fanfare.conf'" >>"$instance/data/postgresql.conf"
}

postgres_configure() {
  local fsync autovacuum=on authentication=60s
  fsync=$(postgres_fsync)
  # DROP DATABASE waits until the autovacuum launcher has heard of it, which on PostgreSQL 15 can take its whole nap of a minute; a
  # test's database does not live long enough to need it.
  [ "$variant" != test ] || autovacuum=off
  # It waits too for whoever is in the middle of signing in. A test that ends while its pool opens a connection drops its database
  # from the thread that would have to answer, and held up every other test's DROP and CREATE for as long as this.
  [ "$variant" != test ] || authentication=10s
  # No Unix socket: its path may not be longer than 107 bytes, and a checkout's may.
  cat >"$instance/data/fanfare.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $(recall port)
unix_socket_directories = ''
max_connections = 300
max_locks_per_transaction = 256
shared_preload_libraries = 'pg_stat_statements'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
fsync = $fsync
autovacuum = $autovacuum
authentication_timeout = $authentication
full_page_writes = $fsync
CONF
  [ -z "$postgres_user" ] || chown "$postgres_user" "$instance/data/fanfare.conf"
}

postgres_up() {
  local started=$SECONDS
  postgres_find_user
  mkdir -p "$instance/log"
  [ -z "$postgres_user" ] || chown "$postgres_user" "$instance/log"
  if [ -n "$(postgres_pid)" ] && postgres_healthy; then
    say "postgres: up on port $(recall port)"
    return 0
  fi
  keep_password "$postgres_user"
  postgres_init
  if [ -n "$(postgres_pid)" ]; then
    # Starting, stopping, or hung: give it a moment to say which.
    local until=$((SECONDS + 10))
    while [ -n "$(postgres_pid)" ] && [ "$SECONDS" -lt "$until" ]; do
      if postgres_ready; then say "postgres: up on port $(recall port)" && return 0; fi
      sleep 0.5
    done
    [ -z "$(postgres_pid)" ] || { say "postgres: does not answer, restarting it" && postgres_stop quick; }
  fi
  for _ in 1 2 3; do
    keep_port port
    postgres_configure
    # The process in it is not ours (checked above), but PostgreSQL would take any process of the same user for its own.
    rm -f "$instance/data/postmaster.pid"
    postgres_start || continue
    postgres_ready || continue
    say "postgres: $("$postgres_bin/postgres" --version | sed 's/.*) //; s/ .*//') started on port $(recall port) after $((SECONDS - started)) s"
    return 0
  done
  show_log "$instance/log/postgres.log"
  die "postgres did not start"
}

# After a kill -9 its children need a moment to notice, and hold the shared memory until then.
postgres_start() {
  [ ! -f "$instance/log/postgres.log" ] || mv "$instance/log/postgres.log" "$instance/log/postgres.previous.log"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    # On macOS it does not start without a locale.
    if LC_ALL=C run_as "$postgres_user" "$postgres_bin/pg_ctl" -D "$instance/data" -l "$instance/log/postgres.log" -w -t 60 start \
      >"$instance/start.log" 2>&1; then
      return 0
    fi
    grep -q 'pre-existing shared memory block' "$instance/log/postgres.log" || return 1
    sleep 1
  done
  return 1
}

# True when the database answers, also when it has to be created first.
postgres_ready() {
  case "$(postgres_query fanfare 'SELECT 1' || true)" in
    1) return 0 ;;
    *'database "fanfare" does not exist'*) ;;
    *) return 1 ;;
  esac
  # The password is random and goes over loopback only; SCRAM's 4,096 rounds would double the cost of each of the thousands of
  # connections that the tests open.
  postgres_query postgres "SET password_encryption = 'md5';
    ALTER ROLE fanfare PASSWORD '$(recall password)';
    CREATE DATABASE fanfare;" >/dev/null || true
  postgres_healthy
}

# $1: `soft` lets it finish its writes, `quick` does not, `crash` is kill -9, which its children outlive for a moment.
postgres_stop() {
  local pid signal
  pid=$(postgres_pid)
  [ -n "$pid" ] || return 0
  # PostgreSQL's fast and immediate shutdown.
  case "$1" in soft) signal=INT ;; quick) signal=QUIT ;; crash) signal=KILL ;; esac
  kill -"$signal" "$pid" 2>/dev/null || true
  if await_gone "$pid" 30; then return 0; fi
  say "postgres: does not stop, killing it"
  kill_hard "$pid"
}

postgres_wipe() { rm -rf "$instance/data" "$instance/log"; }
