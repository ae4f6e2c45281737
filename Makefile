# Everything runs inside .venv, which is made here and redone when the two files below change.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ARGS ?=
# A copy of the folders as the one package that they are installed as, for tools that read files and import nothing.
TREE := build/tree

.PHONY: help app test check lint types layers format gallery bench bench-page bench-sweep load fuzz transformers-tests decoders encoders clean tree

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

app: $(VENV)/.app ## open the explorer in the browser (ARGS="--port 7861" and so on)
	$(BIN)/gemma2-workbench app $(ARGS)

# Files in their order: browsers and processes, which take longest, come before many quick ones.
test: $(VENV)/.dev ## run the tests (ARGS="-k softcap" and so on)
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types layers test ## all that CI checks: format, lint, types, import layers, tests

lint: $(VENV)/.dev ## ruff: format and lint, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev tree ## pyright
	$(BIN)/pyright

layers: $(VENV)/.dev tree ## import-linter: apps -> workbench -> model, no circles
	PYTHONPATH=$(TREE) $(BIN)/lint-imports

format: $(VENV)/.dev ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

gallery: $(VENV)/.app ## draw the figures of docs/gallery again
	$(BIN)/python examples/gallery $(ARGS)

fuzz: $(VENV)/.dev ## ten thousand bad inputs, which may neither hang nor break nor pass in silence
	$(BIN)/python -m tests.robustness.fuzz $(ARGS)

transformers-tests: $(VENV)/.dev ## fetch transformers' own model tests and run them over our classes (ARGS="-k rope")
	$(BIN)/python -m tests.upstream $(ARGS)

# About 25 minutes on 2 quiet cores. LOG keeps the measurements; `python -m benchmarks.report LOG` writes the page again.
LOG := build/bench.jsonl
MEASURE := $(BIN)/python -m benchmarks.attention --log $(LOG)
bench: $(VENV)/.bench ## measure what looking costs beside other tools and write docs/benchmarks.md
	rm -f $(LOG)
	$(MEASURE) --geometry S --length 64,512,2048,4096 --rounds 2 $(ARGS)
	$(MEASURE) --geometry M --length 2048 --rounds 1 $(ARGS)
	$(MEASURE) --geometry L --length 512,2048 --peers capture,capture_rows,plain,sdpa_no_cap,eager_attentions --rounds 2 $(ARGS)
	$(MEASURE) --geometry embedded $(ARGS)
	$(MEASURE) --geometry S --length 2048 --peers capture,eager_attentions --busy --rounds 2 $(ARGS)
	$(BIN)/python -m benchmarks.report $(LOG)

bench-page: $(VENV)/.dev ## how fast the page is in a browser, at 64 to 8,192 tokens
	$(BIN)/python -m benchmarks.page $(ARGS)

bench-sweep: $(VENV)/.dev ## measure what a sweep costs beside the plain forward pass, in memory, on workers and Ray
	$(BIN)/python -m benchmarks.sweep $(ARGS)

load: $(VENV)/.dev ## many readers at once on one page
	$(BIN)/python -m benchmarks.load $(ARGS)

decoders: $(VENV)/.dev ## every decoder of transformers beside its own eager forward, into docs/decoders.md
	mkdir -p build
	$(BIN)/python -m benchmarks.decoders $(ARGS) > build/decoders.md
	mv build/decoders.md docs/decoders.md

encoders: $(VENV)/.dev ## every encoder and classifier beside its own eager forward, into docs/encoders.md
	mkdir -p build
	$(BIN)/python -m benchmarks.decoders --encoders $(ARGS) > build/encoders.md
	mv build/encoders.md docs/encoders.md

clean: ## remove the environment and what the tools leave behind
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache

tree:
	rm -rf $(TREE) && mkdir -p $(TREE)
	cp -r workbench $(TREE)/gemma2_workbench && cp -r model apps $(TREE)/gemma2_workbench

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Stamps: .app has what running needs, .dev has the tools on top.
$(VENV)/.app: pyproject.toml setup.py constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[fast]'
	@touch $@

$(VENV)/.dev: pyproject.toml setup.py constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.app $@

$(VENV)/.bench: pyproject.toml setup.py constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[bench,fast]'
	@touch $(VENV)/.app $@
