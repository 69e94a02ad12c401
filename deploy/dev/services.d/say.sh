# What a script tells its user. Sourced by all of them.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*" && exit 1; }

# Shows the end of a log that explains a failure.
show_log() {
  say "--- last lines of $1"
  tail -n 25 "$1" >&2 2>/dev/null || true
  say "---"
}
