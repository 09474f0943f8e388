# Set-up happens by itself: `make demo` and `make test` share one virtual environment, .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# GPU=1: TensorFlow with CUDA, 7 GB, in an environment of its own.
VENV := $(if $(GPU),.venv-gpu,.venv)
LOCKS := $(if $(GPU),$(VENV)/without-tensorflow.lock containers/tensorflow-cuda.lock,containers/requirements.lock)
READY := $(VENV)/.installed
# One process more than cores, four at most. A file of tests stays in one of them, for its fixtures.
PYTEST := $(VENV)/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 10

# Hundreds of tests start a process: none of them compiles our modules again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test check lint types fast all coverage mutations docs images lock beam

demo: $(READY)
	$(VENV)/bin/sightline demo $(if $(GPU),--gpu)

# Types take half a minute of one core where nothing is cached: beside the tests.
test: lint
	$(MAKE) --no-print-directory --jobs 2 types all

check: lint
	$(MAKE) --no-print-directory --jobs 2 types fast

lint: $(READY)
	SKIP=types $(VENV)/bin/pre-commit run --all-files

types: $(READY)
	$(VENV)/bin/pre-commit run types --all-files

fast: $(READY)
	$(PYTEST) -m "not slow and not docker"

# In one run: slow tests and quick ones share fixtures, and quick ones fill the end.
all: $(READY)
	$(PYTEST)

coverage: $(READY)
	$(VENV)/bin/python benchmarks/stage_coverage.py $(ARGS)

mutations: $(READY)
	$(VENV)/bin/python benchmarks/mutations.py $(ARGS)

docs: $(READY)
	$(VENV)/bin/python -m sightline.reference

images: $(READY)
	$(VENV)/bin/sightline images build $(ARGS)

lock: $(READY)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" containers/lock.sh $(ARGS)

$(READY): containers/requirements.lock containers/tensorflow-cuda.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Sightline needs Python 3.11; found $(PYTHON). Set PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Setting up $(VENV) once: it fetches and installs all parts, $(if $(GPU),7,3) GB, in one to four minutes without another line."
	$(PYTHON) -m venv $(VENV)
	containers/locked.sh uv >$(VENV)/uv.lock
	$(VENV)/bin/pip install --quiet --require-hashes --requirement $(VENV)/uv.lock
	awk '/^[^ ]/ { other = /^tensorflow(-cpu)?==/ } !other' containers/requirements.lock >$(VENV)/without-tensorflow.lock
	@# Bytecode now: where PYTHONDONTWRITEBYTECODE is set, every start would make it again.
	$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV) --require-hashes $(addprefix --requirement ,$(LOCKS))
	$(VENV)/bin/uv pip install --quiet --python $(VENV) --no-deps --no-build-isolation --editable .
	@touch $@

beam: .venv-beam/.installed

# Not by $(READY): a test asks for Beam, and must not set up anew what it runs in.
$(VENV)/bin/uv:
	$(MAKE) --no-print-directory $(READY)

# Apache Beam's packages do not go beside ours. Sightline itself is found where it is.
.venv-beam/.installed: containers/beam.lock | $(VENV)/bin/uv
	$(VENV)/bin/uv venv --quiet --clear --python $(VENV)/bin/python .venv-beam
	$(VENV)/bin/uv pip install --quiet --python .venv-beam --require-hashes --requirement containers/beam.lock
	@echo "$(CURDIR)" >.venv-beam/lib/python3.11/site-packages/sightline.pth
	@touch $@
