# Getting the programs. Sourced by `services` and `toolchain`.
# shellcheck shell=bash

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs Debian packages without letting any of them start a service.
apt_install() (
  local log=$checkout/.dev/install.log policy=/usr/sbin/policy-rc.d kept=/usr/sbin/policy-rc.d.kept-by-fanfare
  # shellcheck disable=SC2317,SC2329  # called by the trap
  restore_policy() {
    rm -f "$policy"
    [ ! -e "$kept" ] || mv "$kept" "$policy"
  }
  mkdir -p "$checkout/.dev"
  say "installing with apt-get (a minute or two): $*"
  trap restore_policy EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # A kept one is left over from an installation that was killed; what stands in its place is ours.
  [ -e "$kept" ] || [ ! -e "$policy" ] || mv "$policy" "$kept"
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  export DEBIAN_FRONTEND=noninteractive
  apt_get() { apt-get -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null; }
  : >"$log"
  # The lists may be absent (a bare image) or stale.
  apt_get install -y --no-install-recommends "$@" ||
    { apt_get update && apt_get install -y --no-install-recommends "$@"; } ||
    { show_log "$log" && die "apt-get could not install: $*"; }
)

# A package enables its service for the next boot as well, RabbitMQ's on every interface. Nobody asked for that.
disable_at_boot() {
  command -v systemctl >/dev/null || return 0
  say "not to be started at boot: $* (only private instances are used here)"
  systemctl disable --quiet "$@" >/dev/null 2>&1 || true
}

install_program() {
  case "$1" in
    postgres) apt_install postgresql && disable_at_boot postgresql.service ;;
    rabbitmq) apt_install rabbitmq-server && disable_at_boot rabbitmq-server.service epmd.service epmd.socket ;;
  esac
}

explain_missing() {
  cat >&2 <<TEXT
services: $1 is not installed, and no Docker engine answers. Install it, for example:

  macOS            brew install postgresql@17 rabbitmq
  Debian, Ubuntu   sudo apt-get install --no-install-recommends postgresql rabbitmq-server
  Fedora           sudo dnf install postgresql-server postgresql-contrib rabbitmq-server

PostgreSQL $postgres_oldest or newer, RabbitMQ 3.10 or newer. Only the programs are used, with private data under .dev/; the
system's own instances are neither needed nor touched. Or start Docker. Or point at running ones with FANFARE__DATABASE__URL
and FANFARE__BROKER__URL. Or, on Debian and Ubuntu, run this as root and it installs them.
TEXT
  exit 1
}
