# rcnn_sweep: set-up and the main jobs. Needs Python 3.11, pip and make.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
EXTRAS ?= dev
comma := ,
LOCKS = $(patsubst %,requirements/%.txt,base $(subst $(comma), ,$(EXTRAS)))
PINS = $(shell cat $(LOCKS) 2>/dev/null | grep -c ==)
PIP = $(BIN)/python -m pip install --no-deps --no-build-isolation --no-compile --no-color --progress-bar off
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true # some are no Python of today
LARGEST := tensorflow
SHELL := bash
PORT ?= 5000

ifeq ($(shell command -v $(PYTHON)),)
PYTHON := python3
endif

# What pip says, in a line a package, a line a large download, and its errors on their own stream.
define SHOW_PIP
/^(Collecting|Processing) / { sub(/.*\//, "", $$2); printf "[%d of $(PINS)] %s\n", ++count, $$2 }
/Downloading .*[0-9] [MG]B/ { print "    " $$0 }
/^Installing collected/ { print (NF > 4 ? "The others are" : "$(LARGEST) is") " fetched. Unpacking and compiling." }
/^Successfully built/ { print }
{ fflush() }
endef
export SHOW_PIP

.DEFAULT_GOAL := help
.PHONY: help setup largest others baseline sweep report ui test lint bench house lock pictures clean

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 18

setup: $(READY) ## Make the virtual environment: exact versions, each file by its SHA-256

# Nothing but files of requirements/ is fetched, and nothing else can be built or run: the backends
# come first, and each later build uses those.
$(READY): pyproject.toml $(wildcard requirements/*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "rcnn_sweep needs Python 3.11; set PYTHON=PATH to one")'
	@ls $(LOCKS) >/dev/null || { echo 'EXTRAS names what there is no file of: expected some of $(patsubst requirements/%.txt,%,$(wildcard requirements/*.txt)), with commas.'; exit 2; } >&2
	@echo 'Making $(VENV), then fetching $(PINS) packages (TensorFlow alone has 600 MB):'
	$(PYTHON) -m venv $(VENV)
	@$(PIP) --quiet --require-hashes --only-binary :all: --requirement requirements/build.txt
	@set -o pipefail; $(MAKE) --no-print-directory -j2 largest others | awk "$$SHOW_PIP"
	@$(PIP) --quiet --no-index --editable .
	@$(BIN)/python -m pip check
	@$(COMPILE)
	@touch $@
	@echo 'Ready: make help lists what to do next.'

# Half of all bytes is one package: the others are unpacked and compiled while it comes.
largest:
	@awk '/^[a-z]/ { is_it = /^$(LARGEST)==/ } is_it' $(LOCKS) | $(PIP) --require-hashes --requirement /dev/stdin

others:
	@awk '/^[a-z]/ { is_it = /^$(LARGEST)==/ } !is_it' $(LOCKS) | $(PIP) --require-hashes --requirement /dev/stdin
	@$(COMPILE)

baseline: $(READY) ## Train the notebook's baseline; ARGS="training.epochs=1" overrides
	$(BIN)/python -m rcnn_sweep $(ARGS)

sweep: $(READY) ## Search around the baseline; ARGS="hydra.sweeper.n_trials=10" overrides
	$(BIN)/python -m rcnn_sweep -m $(ARGS)

report: $(READY) ## Write the report of the last study; ARGS="STUDY" names another
	$(BIN)/python -m rcnn_sweep report $(ARGS)

ui: $(READY) ## Open MLflow on 127.0.0.1:5000 (PORT=... for another)
	@echo 'In some seconds: http://127.0.0.1:$(PORT)/#/experiments?workflowType=machine_learning'
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
		$(BIN)/mlflow ui --host 127.0.0.1 --port $(PORT) --workers 1

test: $(READY) ## Run the tests, minutes of them; ARGS=--slow runs all, twenty of them
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

lint: $(READY) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## Run the measurements of benchmarks/ one after the other, but the long ones; IMDB=imdb.npz names the data
	@export IMDB='$(IMDB)'; for script in $(filter-out %_table.py %_live.py %/soak.py,$(wildcard benchmarks/[a-z]*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

LOW := $(addprefix rcnn_sweep., __main__ errors format lazy names overrides rules)
house: build/pydeps/bin/pydeps ## Redraw docs/house.svg, the picture of who imports whom (needs Graphviz)
	build/pydeps/bin/pydeps rcnn_sweep --no-config --noshow --no-output --show-dot --reverse \
		--max-module-depth=2 --only rcnn_sweep --exclude $(LOW) | tred \
		| sed -E 's/(fill|font)color=("[^"]*"|[a-z]+)/\1color="\1"/; s/"fill"/"#e8f0fb"/; s/"font"/"#1b2a41"/' \
		| sed -E 's/shape=[a-z]+/shape=box/; s/rankdir=BT/rankdir=TB/; s/rcnn_sweep[\.]+\\n//' \
		| dot -Tsvg -Nshape=box -o docs/house.svg

build/pydeps/bin/pydeps:
	$(PYTHON) -m venv build/pydeps
	build/pydeps/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/house.txt

lock: build/uv/bin/uv ## Resolve requirements/ anew after a change of pyproject.toml; ARGS=--upgrade for newest versions
	PATH=build/uv/bin:$$PATH $(PYTHON) requirements/lock.py $(ARGS)

build/uv/bin/uv:
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/lock.txt

pictures: build/pictures/bin/pyte ## Make the pictures of README and docs anew, from a real sweep (minutes; needs Chromium)
	PYTHONPATH=build/pictures $(BIN)/python docs/pictures.py

build/pictures/bin/pyte: $(READY)
	$(BIN)/python -m pip install --quiet --target build/pictures pyte
	@mkdir -p $(@D) && touch $@

clean: ## Remove the virtual environment and the caches (records and data stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
