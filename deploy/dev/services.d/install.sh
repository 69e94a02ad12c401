# Debian packages. Sourced by `services` and `toolchain`.
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
