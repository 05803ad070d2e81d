# `make demo` and `make test` set up what they need: only make and Python 3.11+ must be there.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup check test torture bench demo clean

setup: $(READY)

$(READY): pyproject.toml
	@for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then break; fi; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo 'img-sync needs Python 3.11 or newer with its venv module' \
	        '(Debian and Ubuntu: apt install python3-venv).' >&2; \
	    exit 1; \
	fi; \
	echo "setting up $(VENV) ..."; \
	$$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all,test,dev]'
	@touch $@

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage run -m pytest tests/unit
	$(BIN)/coverage report

# The histories have processes of their own: Hypothesis takes what it tries from all that is loaded,
# and so these are the same in every run.
test: $(READY)
	$(BIN)/pytest -n auto --ignore=tests/machine
	$(BIN)/pytest -n auto tests/machine

torture: $(READY)
	IMG_SYNC_TORTURE=1 $(BIN)/pytest -n auto --ignore=tests/machine
	IMG_SYNC_TORTURE=1 $(BIN)/pytest -n auto tests/machine

# One part on few photos: make bench BENCH='--only unchanged --size small'
bench: $(READY)
	@$(BIN)/python -m bench $(BENCH)

demo: $(READY)
	@$(BIN)/python demo/demo.py

clean:
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache \
	    .pytest_cache .ruff_cache
	find src tests bench demo -name __pycache__ -type d -prune -exec rm -rf {} +
