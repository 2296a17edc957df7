# Orderlog: what people type. `make help` lists it.

.DEFAULT_GOAL := help
.PHONY: help run test chaos soak fuzz deny sbom bench flamegraph generate check-api check-console check-upgrade fmt lint ci clean-data setup build

# One profile and one choice of features for everything, so that nothing is
# compiled twice: `--workspace` makes cargo settle features over all crates,
# also where one program is built.
BUILD := cargo build --workspace --locked
DIR ?= .orderlog
PORT ?=
SEED ?= 1
SEED_ORDERS ?= 300
KILLS ?= 60
STORM ?= 1500
SECONDS ?= 60
MINUTES ?= 30
ROLE ?= command-api
REV ?= HEAD~1

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start the whole system here (PORT=8080 DIR=.orderlog SEED_ORDERS=300), Ctrl-C stops it
	@exec target/debug/orderlog dev --dir '$(DIR)' --seed-orders '$(SEED_ORDERS)' $(if $(PORT),--port '$(PORT)')

test: build ## Run every test, on real servers started for it
	@cargo test --workspace --locked

chaos: build ## Kill, race and break at length (SEED=1 KILLS=60 STORM=1500): a seed repeats its run
	@SEED=$(SEED) KILLS=$(KILLS) STORM=$(STORM) scripts/chaos

soak: setup ## Run a busy shop whose roles and servers are killed (MINUTES=30 SEED=1, release build)
	@MINUTES=$(MINUTES) SEED=$(SEED) scripts/soak

fuzz: build ## Try hostile input on every parser (SECONDS=60 each): what fails is kept and tried first from then on
	@ORDERLOG_FUZZ_SECONDS=$(SECONDS) cargo test --workspace --locked --test e2e -- fuzz::

deny: ## Licences, bans, sources and known weaknesses of dependencies, by cargo-deny
	@scripts/deny --needed

sbom: ## Write what the program is made of, as target/sbom.cdx.json (CycloneDX)
	@scripts/sbom --out target/sbom.cdx.json

bench: setup ## Measure against limits and peers, write docs/PERFORMANCE.md (an hour; QUICK=1: 3 min, below target/bench; FULL=1: 10 M events; ROWS="append http")
	@cargo build --release --locked --workspace --bin orderlog --bin orderlog-bench
	@ORDERLOG_BENCH_LARGEST=$${ORDERLOG_BENCH_LARGEST:-$(if $(FULL),10000000,1000000)} \
		target/release/orderlog-bench $(ROWS) $(if $(QUICK),--quick) \
		--write --json target/bench/figures.json

flamegraph: setup ## Draw where a role's time goes under load, as target/flamegraph/ROLE.svg (ROLE=projector; needs perf)
	@cargo build --release --locked --workspace --bin orderlog --bin orderlog-bench
	@target/release/orderlog-bench --flamegraph '$(ROLE)' $(if $(QUICK),--quick)

generate: build ## Write what is generated (OpenAPI, AsyncAPI, JSON Schemas, types of the client, dashboards, the simulation of docs/SCALING.md) anew
	@target/debug/orderlog openapi --out docs/openapi.json
	@target/debug/orderlog asyncapi --out docs/asyncapi.json
	@target/debug/orderlog schemas --out contracts/schemas
	@scripts/check-client --generate
	@scripts/dashboards
	@scripts/scaling

check-api: build ## Send generated requests to a running system (needs python3)
	@scripts/check-api

check-console: build ## Drive the console in a browser (needs Node.js); pictures in target/console-shots
	@scripts/check-console

check-upgrade: build ## Run the roles of an older release (REV=HEAD~1) beside these under load, and verify (builds it: minutes)
	@SECONDS_OF_LOAD=$(SECONDS) scripts/check-upgrade $(REV)

fmt: ## Format the code
	@cargo fmt --all

lint: ## Format check and clippy, warnings denied
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked -- -D warnings

ci: ## Everything that must hold before a change is taken
	@.ci/run

clean-data: ## Delete the data of `make run` (orders too), keep the fetched servers
	@test ! -d '$(DIR)' || flock -n '$(DIR)/lock' \
		rm -rf '$(DIR)/data' '$(DIR)/log' '$(DIR)/run' '$(DIR)/dev-api-key' '$(DIR)/worker-api-key' \
			'$(DIR)/master-key' '$(DIR)/console-key' '$(DIR)/config.toml' '$(DIR)/format' || \
		{ echo '$(DIR) is in use: stop it first' >&2; exit 1; }

setup:
	@scripts/setup

build: setup
	@$(BUILD) --bin orderlog
