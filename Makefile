# The course in two commands: `make lab` to read and run it, `make test` to check it. `make` lists the rest.
# Kept to GNU Make 3.81, the one macOS has. Windows and conda: see environment.yml.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --nbval
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
# The networks are small: a second thread costs more than it brings.
ONE_THREAD := OMP_NUM_THREADS=1

.PHONY: help lab test notebooks student teacher slides book bench gpu check portability clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

lab: .venv/lab ## open the course in JupyterLab, on its welcome page
	@echo "JupyterLab opens in your browser; if not, open the address with the token that it prints. Ctrl-C here ends it."
	$(ONE_THREAD) $(BIN)/python -m jupyterlab --ip=127.0.0.1 --allow-root \
	  --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/notebooks/00_welcome.ipynb $(LAB)

test: .venv/dev ## check everything: style, the library's tests, every notebook's stored outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(ONE_THREAD) $(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/lab ## say whether this machine is fit for a class
	@$(BIN)/python -m gan_core check

notebooks: .venv/dev ## execute the notebooks and store their outputs (ONLY="03 05" for some)
	$(ONE_THREAD) $(BIN)/python tools/run_notebooks.py $(ONLY)

student: .venv/lab ## make a class's notebooks in build/student/: the chapters without their solutions
	$(BIN)/python tools/editions.py student

teacher: .venv/lab ## make build/solved/, every exercise filled in, and build/teacher/, with what a class will answer
	$(BIN)/python tools/editions.py teacher

slides: .venv/lab ## make build/slides/ for a projector: headings, figures and questions, one screen each
	$(BIN)/python tools/slides.py

book: .venv/dev ## build the HTML book in _book/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/mdbook build
	$(BIN)/python tools/book/reference.py _book/api
	@echo "The book: $(CURDIR)/_book/index.html"

bench: .venv/dev ## time the library side by side with what you would use instead
	$(INSTALL) -q -e '.[dev,bench]'
	$(ONE_THREAD) $(BIN)/python -m benchmarks

gpu: .venv/dev ## on a machine with a GPU: tests, timings and full-scale runs in 40 minutes; again, to go on (ONLY="tests dcgan")
	$(BIN)/python -m benchmarks.gpu $(ONLY)

portability: .venv/dev ## run the notebooks again, as on an older CPU and with two threads: the stored outputs must still hold
	ATEN_CPU_CAPABILITY=default $(ONE_THREAD) $(PYTEST) notebooks --no-budgets -n 2 --dist loadfile --no-loadscope-reorder
	OMP_NUM_THREADS=2 $(PYTEST) notebooks --no-budgets

clean: ## remove what make made: the environment, the book, the editions, the caches
	rm -rf .venv _book build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Set-up. Two files in .venv say what it holds, what reading needs and what checking needs besides, and for which folder:
# a course that was moved or copied is installed again.

ifneq ($(shell cat .venv/lab 2>/dev/null),$(CURDIR))
.PHONY: .venv/lab .venv/dev
endif

.venv/lab: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the course into .venv (the first time some minutes, 1.5 GB or more) ..."
	$(INSTALL) -e .
	@echo "$(CURDIR)" >$@

.venv/dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the course and its tests into .venv (the first time some minutes, 1.5 GB or more) ..."
	$(INSTALL) -e '.[dev]'
	@echo "$(CURDIR)" | tee .venv/lab >$@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) was not found. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The course needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Making the environment .venv with $$($(PYTHON) -V) ..."
	@$(PYTHON) -m venv --clear .venv
