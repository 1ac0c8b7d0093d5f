# Panewatch. `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BOOTSTRAP = @$(PYTHON) -m tools.bootstrap
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run setup-dev test check format generate screenshots lock clean

help: ## list these targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## what `make run` needs, without starting anything
	$(BOOTSTRAP) core assets

run: setup ## the demo: units, ground station, console; ARGS="--speed 2" are passed on
	@exec $(BIN)/panewatch run $(ARGS)

setup-dev:
	$(BOOTSTRAP) core assets dev

# Its programs start some hundred times: they keep what they compile, whoever forbids it elsewhere.
test: export PYTHONDONTWRITEBYTECODE :=
test: check ## everything: make check, then every test; ARGS="-k words" are passed on
	@mkdir -p hil_tests/output
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder \
		--junit-xml hil_tests/output/junit.xml $(ARGS)

check: setup-dev ## style, types on CPython and on boards, import arrows, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file firmware/mypy.ini
	$(BIN)/mypy --config-file firmware/mypy_esp32.ini
	$(BIN)/mypy --config-file firmware/mypy_unix.ini
	$(BIN)/lint-imports
	$(BIN)/python -m tools.generate --check

format: setup-dev ## format the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: setup-dev ## write what is generated from protocol/schema
	$(BIN)/python -m tools.generate

DEMO := hil_tests/output/e2e_test_demo.py_test_the_real_case_at_the_console
screenshots: setup-dev ## play the demo and put pictures of its console into docs/images
	$(BIN)/pytest hil_tests/e2e/test_demo.py
	@mkdir -p docs/images
	cp $(DEMO)/console.png $(DEMO)/console_amber.png $(DEMO)/console_silent.png docs/images
	cp $(DEMO)/console_phone.png docs/images/phone.png

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock: setup-dev ## pin the newest versions that pyproject.toml allows
	$(COMPILE) pyproject.toml --group build -o requirements/core.txt
	$(COMPILE) --group dev -c requirements/core.txt -o requirements/dev.txt
	$(COMPILE) --group node -o requirements/node.txt
	for port in rp2 esp32 unix; do \
		$(COMPILE) --group typings-$$port -o requirements/typings-$$port.txt; done

clean: ## remove what make made; recordings in .panewatch/ stay
	rm -rf $(VENV) typings hil_tests/output ground/console/assets hil_tests/mpy/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
