# Where the programs come from: installed already, from apt, or from Docker. Sourced by `services`.
# shellcheck shell=bash

# Sets $wanted to native or docker, installing what is missing where that is possible.
choose_mode() {
  wanted=native
  if [ "${FANFARE_DEV_DOCKER:-}" = 1 ]; then
    docker_answers || die "FANFARE_DEV_DOCKER=1, but no Docker engine with Compose answers"
    wanted=docker
  elif "${1}_find"; then
    return 0
  elif [ "$1" = postgres ] && [ -f "$instance/data/PG_VERSION" ]; then
    die "the data in $instance was written by PostgreSQL $(cat "$instance/data/PG_VERSION"), which is not here any more; 'services down --wipe' deletes it"
  elif can_apt; then
    install_program "$1"
    "${1}_find" || die "$1 was installed with apt-get, but is too old or not where it is expected"
  elif docker_answers; then
    wanted=docker
  else
    explain_missing "$1"
  fi
}

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
