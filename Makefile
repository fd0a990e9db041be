# The front door. Each verb first makes .venv from the lock files (scripts/bootstrap.sh), and does nothing there when it is up
# to date. ARGS passes words on: make demo ARGS=--help, make test ARGS="-k journal".
# Written for GNU Make 3.81, which is what macOS has.

VENV := .venv/bin
ARGS ?=
WORKERS ?= 2
# A module's tests go to one worker, so that what they share (a server, a sandbox, a whole demo) is made once.
PARALLEL := -n $(WORKERS) --dist loadscope --no-loadscope-reorder
BENCHMARKS ?= $(sort $(wildcard benchmarks/*.py))

.DEFAULT_GOAL := help
.PHONY: help install dev demo ui sandbox-image test test-vllm test-trl coverage lint format types mutants bench wheel lock clean

help:  ## say what can be asked for
	@echo "make ..."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

install:  ## put the genesys command and all it needs into .venv
	@scripts/bootstrap.sh install

demo: install  ## run the whole pipeline on the bundled tasks: no network, GPU, Docker or key
	@$(VENV)/genesys demo $(ARGS)

ui: install  ## open the Dagster UI on the same state as the demo
	@$(VENV)/genesys ui $(ARGS)

sandbox-image: install  ## build the image in which untrusted programs run (it is built when first needed, too)
	@$(VENV)/genesys sandbox image $(ARGS)

dev:
	@scripts/bootstrap.sh dev

test: dev  ## pass the tests; those that need Docker or a browser are skipped where there is none
	$(VENV)/pytest $(PARALLEL) -m "not vllm and not trl" $(ARGS)

test-vllm: dev  ## pass the tests with a real vLLM engine on the CPU (3 GB, in .venv-vllm)
	scripts/setup_vllm_cpu.sh
	GENESYS_VLLM_PYTHON="$(CURDIR)/.venv-vllm/bin/python" $(VENV)/pytest -m vllm tests $(ARGS)

test-trl: dev  ## train on data sets with TRL on the CPU, for a few steps (1.5 GB, in .venv-trl)
	scripts/setup_trl.sh
	GENESYS_TRL_PYTHON="$(CURDIR)/.venv-trl/bin/python" $(VENV)/pytest -m trl tests $(ARGS)

# What a user trusts without looking has a floor of its own: verdicts, durable calls, tables and what is released from them.
TRUSTED := genesys/calls/*,genesys/curation/*,genesys/l*,genesys/quality/*,genesys/release/*,genesys/sta*,genesys/tables/*,genesys/verifiers/*

# Counting lines makes code several times slower, so tests of what is read in time are left out.
coverage: dev  ## say what of genesys its quick tests go through in their own process, and fail below the floors
	$(VENV)/pytest $(PARALLEL) -q -m "not docker and not s3 and not browser and not vllm and not trl and not slow" -k "not in_time" \
	  tests/genesys --cov --cov-report= $(ARGS)
	$(VENV)/coverage report
	$(VENV)/coverage report --format=total --fail-under=91
	$(VENV)/coverage report --format=total --include='$(TRUSTED)' --fail-under=94

lint: dev  ## check style, format and types, and show all that each finds
	@failed=0; for check in "ruff check ." "ruff format --check ." mypy; do \
	  echo "$$check"; $(VENV)/$$check || failed=1; done; exit $$failed

format: dev  ## mend style and format where that can be done by itself
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

types: dev  ## check the types alone
	$(VENV)/mypy

mutants: dev  ## see which small mistakes in a module no test notices (make mutants ARGS="genesys/calls/engine.py")
	$(VENV)/python scripts/mutants.py --workers $(WORKERS) $(ARGS)

bench: dev  ## run the benchmarks that performance claims rest on (one: make bench BENCHMARKS=benchmarks/calls.py)
	@for benchmark in $(BENCHMARKS); do echo "== $$benchmark"; $(VENV)/python "$$benchmark" $(ARGS) || exit 1; done

wheel:  ## build the wheel into dist/
	@scripts/bootstrap.sh uv build --wheel --out-dir dist --build-constraints scripts/requirements-build.lock --require-hashes

lock:  ## write the lock files anew from pyproject.toml (newer versions: make lock ARGS=--upgrade)
	@scripts/lock.sh $(ARGS)

clean:  ## remove .venv, caches and built files; state/ and output/ stay
	rm -rf .venv .uv dist build mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find genesys genesys_dagster tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
