# The same two programs through Docker Compose. Sourced by `services`.
# shellcheck shell=bash

docker_answers() { command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

# Compose wants every variable of the file, also those of the program that is not meant.
docker_compose() (
  exec 9>&-
  local postgres=$home/$variant/postgres rabbitmq=$home/$variant/rabbitmq
  DEV_POSTGRES_PORT=$(cat "$postgres/port" 2>/dev/null || echo 0) \
    DEV_POSTGRES_PASSWORD=$(cat "$postgres/password" 2>/dev/null || true) \
    DEV_POSTGRES_FSYNC=$(postgres_fsync) \
    DEV_RABBITMQ_PORT=$(cat "$rabbitmq/port" 2>/dev/null || echo 0) \
    DEV_RABBITMQ_MANAGEMENT_PORT=$(cat "$rabbitmq/management_port" 2>/dev/null || echo 0) \
    DEV_RABBITMQ_PASSWORD=$(cat "$rabbitmq/password" 2>/dev/null || true) \
    docker compose --project-name "fanfare-$checkout_id-$variant" --file "$checkout/deploy/dev/compose.yaml" "$@"
)

docker_running() { [ -n "$(docker_compose ps --quiet --status running "$1" 2>/dev/null)" ]; }

docker_up() {
  local started=$SECONDS
  if docker_running "$1"; then
    say "$1: up on port $(recall port), in Docker"
    return 0
  fi
  keep_password ""
  keep_port port
  [ "$1" = postgres ] || keep_port management_port
  docker_compose up --detach --wait "$1" >&2 || die "docker compose could not start $1"
  say "$1: started on port $(recall port) in $((SECONDS - started)) s, in Docker"
}

docker_stop() {
  [ "$2" = soft ] || docker_compose kill "$1" >&2 || true
  docker_compose rm --force --stop "$1" >&2
}

docker_wipe() { docker volume rm --force "fanfare-$checkout_id-${variant}_$1" >/dev/null; }
