# Where this checkout keeps its instances, and who may work on them at one time. Sourced by `services`.
# shellcheck shell=bash

# Two checkouts never share a node name, a fallback directory or a Docker project.
checkout_id=$(printf %s "$checkout" | cksum)
checkout_id=${checkout_id%% *}

# PostgreSQL refuses to run as root, so as root the data belongs to a system user who may not be able to reach the checkout
# (a clone in /root). /var/tmp survives a reboot.
fallback_home=/var/tmp/fanfare-dev-$checkout_id

# Sets $home without changing anything; it may not exist yet.
find_home() {
  home=$checkout/.dev
  if [ -f "$home/services.home" ] && [ "$(cat "$home/services.home")" = "$fallback_home" ]; then
    home=$fallback_home
  fi
}

# Sets $home and creates it. As root the given system user must be able to own files in it.
make_home() {
  local user=$1
  mkdir -p "$checkout/.dev" 2>/dev/null && [ -w "$checkout/.dev" ] ||
    die "$checkout/.dev is not writable for $(id -un): was it made by another user?"
  find_home
  [ -n "$user" ] && [ "$home" != "$fallback_home" ] || return 0
  local probe=$home/owner-probe.$$
  if mkdir "$probe" && chown "$user" "$probe" 2>/dev/null && run_as "$user" test -w "$probe"; then
    rmdir "$probe"
    return 0
  fi
  rmdir "$probe" 2>/dev/null || true
  # A name anybody can guess, in a directory anybody can write to.
  if ! mkdir -m 755 "$fallback_home" 2>/dev/null; then
    [ -d "$fallback_home" ] && [ ! -L "$fallback_home" ] && [ -O "$fallback_home" ] ||
      die "$fallback_home exists and does not belong to $(id -un)"
  fi
  say "user $user cannot work in $checkout/.dev, so the data is kept in $fallback_home"
  printf '%s\n' "$fallback_home" >"$checkout/.dev/services.home"
  home=$fallback_home
}

# One `services` at a time may change things here. The lock goes with file descriptor 9, so a killed script leaves none behind;
# whatever outlives the script must not inherit it (run_as sees to that).
lock() {
  exec 9>>"$checkout/.dev/services.lock"
  if command -v flock >/dev/null; then
    flock -n 9 || { say "waiting for another services script of this checkout" && flock 9; }
  else
    perl -e 'use Fcntl ":flock"; open(my $f, ">&=", 9) or die; flock($f, LOCK_EX) or die' ||
      die "cannot lock $checkout/.dev/services.lock"
  fi
}

# An instance is one program of one variant. Sets $instance to its directory.
use_instance() { instance=$home/$variant/$1; }
recall() { [ -f "$instance/$1" ] && cat "$instance/$1"; }
remember() { printf '%s\n' "$2" >"$instance/$1"; }

# Keeps a generated password, so that URLs stay the same when data is wiped. $1: the user who must be able to read it.
keep_password() {
  [ -s "$instance/password" ] || (umask 077 && od -An -tx1 -N16 /dev/urandom | tr -d ' \n' >"$instance/password")
  [ -z "$1" ] || chown "$1" "$instance/password"
}
