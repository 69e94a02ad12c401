# The one door: every target is a line or three over a script or a cargo command. `make help` lists them.

# A shell started by CI or cron may not have read what rustup wrote into the profile.
export PATH := $(PATH):$(HOME)/.cargo/bin

# What there is to measure, as words after `make bench`.
BENCHES := create throughput counts latency idle neighbours storm million

.DEFAULT_GOAL := help
.PHONY: help run run-services test test-external check bench chaos mutants services-down $(BENCHES)

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: ## everything in one process over a private PostgreSQL, with the sandbox; prints a first curl
	@deploy/dev/run

run-services: ## the same as separate processes over private PostgreSQL and RabbitMQ
	@deploy/dev/run-services

test: ## the whole test suite over a private PostgreSQL and RabbitMQ of its own
	@deploy/dev/test

check: ## formatting, lints, licences, shell scripts
	@deploy/dev/check

bench: ## how fast it is, as ratios taken in one run; `make bench storm` and so on for one of them
	@deploy/dev/bench $(filter $(BENCHES),$(MAKECMDGOALS))

$(BENCHES): bench
	@:

chaos: ## faults on purpose, and a table of what was true afterwards; `SEED=n make chaos` repeats a run, `only="kills soak"` picks
	@deploy/dev/chaos $(only)

mutants: ## bugs on purpose, one at a time, and which test notices each; `only="no_fence"` picks
	@deploy/dev/mutants $(only)

test-external: ## tests that need npm or PyPI: the official Bluesky PDS, Standard Webhooks libraries
	@deploy/dev/test-external

services-down: ## stop the private PostgreSQL and RabbitMQ; nothing is left running
	@deploy/dev/services down
