# make demo: from nothing to a report of a virtual subject. make test: the tests. make help: the rest.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV ?= uv
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help environment demo test lint docs validate lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

environment: $(READY) ## the environment that all others use, in .venv

# Set PYTHON to choose the interpreter; otherwise the first that is new enough. Every package is checked
# against its hash, those that build cauda too: nothing but the lock decides what is installed.
$(READY): requirements.lock pyproject.toml
	@python="$(PYTHON)"; \
	for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	  [ -z "$$python" ] || break; \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; fi; \
	done; \
	[ -n "$$python" ] || { echo "no Python 3.11 or newer found: make ... PYTHON=/path/to/python" >&2; exit 1; }; \
	$$python -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Runs a verb and notes how many seconds it took.
TIMED = @timed() { \
	  echo "$$*"; begin=$$(date +%s); "$$@" || exit $$?; \
	  echo "$$(($$(date +%s) - begin)) s  $$2" >> demo/seconds.txt; \
	}; timed

demo: $(READY) ## make a virtual subject with images, measure them, build its model, place a lead, mesh, solve, recruit, write its report
	rm -rf demo
	mkdir demo
	$(TIMED) $(BIN)/cauda phantom demo/dataset --subjects 1 --seed 7 --sequences CISS DESS T2TSE --grid small --defects typical
	$(TIMED) $(BIN)/cauda check demo/dataset
	$(TIMED) $(BIN)/cauda measure demo/dataset -o demo/quality
	$(TIMED) $(BIN)/cauda build demo/dataset -o demo/models
	$(TIMED) $(BIN)/cauda place demo/models/sub-01 --lead specify-5-6-5-like --top vertebra:T12
	$(TIMED) $(BIN)/cauda mesh demo/models/sub-01 --lead specify-5-6-5-like --size coarse
	$(TIMED) $(BIN)/cauda solve demo/models/sub-01 --lead specify-5-6-5-like --conductivities capogrosso2013
	$(TIMED) $(BIN)/cauda recruit demo/models/sub-01 --lead specify-5-6-5-like --conductivities capogrosso2013 --per-root 20
	$(TIMED) $(BIN)/cauda report demo/models/sub-01
	@awk '{ all += $$1; printf "%5d s  %s\n", $$1, $$3 } END { printf "%5d s  in all\n", all }' demo/seconds.txt
	@echo "The report is demo/models/sub-01/sub-01.html, image quality demo/quality/group.html: open them in a browser."

test: $(READY) ## run the tests
	$(BIN)/pytest -n $(JOBS)

lint: $(READY) ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## build the documentation into docs/_build; a warning is an error
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "The documentation is docs/_build/html/index.html."

validate: $(READY) ## measure every figure of the validation page anew (long)
	$(BIN)/python -m benchmarks.validate

# The lock holds versions and hashes for every platform and Python, and no address to fetch them from.
lock: ## choose the newest allowed versions again (needs uv)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra dev --extra docs pyproject.toml -o requirements.lock

clean: ## remove everything that was made, the environment too
	rm -rf $(VENV) demo build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks examples docs -name __pycache__ -type d -prune -exec rm -rf {} +
