# Every command installs what it needs; `make` alone lists the commands.
# Needed: CPython 3.11 to 3.13 (PYTHON=... chooses one), GNU Make and a package index.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Where make was called (`make -C` changes the folder): relative paths start there.
export CALLER_FOLDER := $(PWD)
export PYTHON
export PYTHONPATH := include
# Half of a command's time is imports, which take twice as long without compiled modules.
export PYTHONDONTWRITEBYTECODE :=
# As in commands/airflow_environment.py, for code that runs in the command's own process.
export MALLOC_ARENA_MAX := 1
export _RJEM_MALLOC_CONF := narenas:1

RUN := .venv/bin/python
SET_UP_RUN := sh commands/install.sh run
SET_UP_DEV := sh commands/install.sh dev

.PHONY: help report availability outages now anomalies forecast explain up down backup restore distribute test lint format types bench lock sample vendor page-types screenshots clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

report: ## Compute a report, of the sample without DATA: [DATA=folder] [AS_OF=2023-01-25T18:13:22Z] [OUT=folder] [MAX_GAP=2h] [NO_DATA=down] [SHARDS=2] [HOURS_VALID_FROM=2023-03-01] [ZONES_VALID_FROM=2023-03-01]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.report

availability: ## Availability over time: FROM=2023-01-01 UNTIL=2023-01-31 [PERIOD=month] [BY=store|all|region|...] [FORMAT=csv|json|parquet|xlsx|pdf] [OUT=folder] [STORE_ID=...] [KIND=... NAME=...]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.availability

outages: ## List the outages that meet dates: FROM=2023-01-01 UNTIL=2023-01-31 [FORMAT=csv|json|parquet|xlsx|pdf] [OUT=folder] [STORE_ID=...] [KIND=... NAME=...]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.outages

now: ## What every store is now, as of the newest report: [FORMAT=csv|json|parquet|xlsx|pdf] [OUT=folder] [STORE_ID=...] [KIND=... NAME=...]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.now

anomalies: ## What was unusual on some dates: FROM=2023-03-01 UNTIL=2023-03-07 [FORMAT=csv|json|parquet] [OUT=folder] [STORE_ID=...] [KIND=... NAME=...]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.anomalies

forecast: ## How likely stores are down in their next 24 open hours: [FORMAT=csv|json|parquet] [OUT=folder] [STORE_ID=...] [KIND=... NAME=...]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.forecast

explain: ## Say what a store counts as at an instant, and why: STORE_ID=... AT=2023-01-22T12:00:00Z
	@$(SET_UP_RUN)
	@$(RUN) -m commands.explain

up: ## Start Airflow with the plugin on 127.0.0.1:8080: [DATA=folder] [PORT=8080]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.stack up

down: ## Stop what `make up` started
	@$(SET_UP_RUN)
	@$(RUN) -m commands.stack down

backup: ## Write database, reports and validation results to one file: [OUT=folder]
	@$(SET_UP_RUN)
	@$(RUN) -m commands.backup backup

restore: ## Restore a backup into an empty STORE_UPTIME_HOME: FROM=file
	@$(SET_UP_RUN)
	@$(RUN) -m commands.backup restore

test: ## Run the tests [TESTS="tests/ingest -k parsing"]
	@$(if $(TESTS),,sh commands/system_packages.sh)
	@$(SET_UP_DEV)
	@$(RUN) -m pytest $(or $(TESTS),--numprocesses=2 --no-loadscope-reorder)

distribute: ## Distribute the tables over the Citus cluster of STORE_UPTIME_DATABASE_URL
	@$(SET_UP_RUN)
	@$(RUN) -m commands.distribute

lint: ## Check style, types, layers, SQL, pages and pins
	@$(SET_UP_DEV)
	@$(RUN) -m commands.lint

format: ## Format Python, SQL, scripts and style sheets
	@$(SET_UP_DEV)
	.venv/bin/ruff check --fix --quiet .
	.venv/bin/ruff format --quiet .
	.venv/bin/sqlfluff fix --quiet sql
	PATH="$(CURDIR)/.venv/bin:$$PATH" node_modules/.bin/biome check --write

types: ## Check the types
	@$(SET_UP_DEV)
	.venv/bin/mypy

bench: ## Compare speed and memory with DuckDB and a bare COPY; measure from request to CSV
	@$(SET_UP_DEV)
	@$(RUN) bench/run.py
	@$(RUN) bench/history.py
	@PYTHONPATH=.:include $(RUN) bench/latency.py

lock: ## Compile requirements*.in to requirements*.txt
	@$(SET_UP_DEV)
	@sh commands/lock.sh

sample: ## Generate data/sample and data/sample-dirty again (the same bytes every time)
	@$(SET_UP_RUN)
	@$(RUN) data/generate_sample.py

vendor: ## Copy the browser libraries named in package.json into the tree
	@$(SET_UP_DEV)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent vendor

page-types: ## Write the API's types for the pages' scripts
	@$(SET_UP_DEV)
	@$(RUN) -m commands.page_types

screenshots: ## Take the pictures of the README from the sample
	@$(SET_UP_DEV)
	@PYTHONPATH=include:tests:. $(RUN) docs/images/take_screenshots.py

clean: ## Remove the environment and caches; reports and databases in .local/ stay
	rm -rf .venv .venv.lock node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
