# `make` lists the targets. Everything goes into this folder: .venv, labextension/node_modules, .make (what is done).

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --warn-undefined-variables
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
PY := .venv/bin/python
# npm's build calls jupyter-builder, and jupyter its subcommands: both find them on the PATH.
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

LAB_LINK := .venv/share/jupyter/labextensions/mlflow-aml-magics
STATIC := mlflow_aml_magics/panels/static
BUILT := mlflow_aml_magics/labextension/package.json $(addprefix $(STATIC)/,explorer.js comparison.js snapshot.js models.js endpoints.js)
FRONT := $(shell find labextension \( -name node_modules -o -name lib -o -name '*.tsbuildinfo' \) -prune -o -type f -print)

.PHONY: help setup readme notebooks demo lab test lint browser bench wheel constraints clean distclean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .make/lab ## .venv, Python and Node packages, the built front end; done once

demo: setup ## run notebooks/01_quickstart.ipynb headless and write quickstart.html
	@$(IN_VENV) $(PY) tools/demo.py notebooks/01_quickstart.ipynb --html quickstart.html

lab: setup ## open the notebooks in JupyterLab
	@cd notebooks && PATH="$(CURDIR)/.venv/bin:$$PATH" exec jupyter lab 01_quickstart.ipynb --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate $$([ "$$(id -u)" != 0 ] || echo --allow-root)

test: setup browser ## every test: front end, Python, wheel, notebooks, browser; ARGS='-k word' narrows pytest
	@$(IN_VENV) tools/test.sh $(ARGS)

lint: setup ## ruff, mypy --strict, tsc, biome
	@$(IN_VENV) tools/lint.sh

browser: .make/python ## find Chromium, or install it
	@$(PY) tools/browser.py --install

bench: setup browser ## measure beside the peers, print, write bench-results.json; ARGS=--full for 100,000 runs
	@.venv/bin/uv pip install --quiet --python $(PY) --constraints constraints.txt --group bench
	@$(IN_VENV) $(PY) tests/benchmarks/bench.py --json bench-results.json $(ARGS)

wheel: .make/python .make/node ## build dist/*.whl from a clean front end
	@rm -rf dist labextension/lib mlflow_aml_magics/labextension $(STATIC)
	@$(IN_VENV) uv build --wheel --out-dir dist --build-constraints constraints.txt
	@touch .make/node .make/front  # the build touched the lock file, and made what these stand for

readme: setup ## write the README's generated tables anew
	@$(PY) tools/readme.py

notebooks: setup ## run the notebooks and store them with their outputs
	@for notebook in notebooks/*.ipynb; do $(IN_VENV) $(PY) tools/demo.py $$notebook --store; done

constraints: .make/python ## look for newer versions and pin them in constraints.txt
	@tools/constraints.sh

clean: ## remove what was built
	@rm -rf .make/front .make/lab dist build labextension/lib mlflow_aml_magics/labextension $(STATIC) $(LAB_LINK) test-results \
		quickstart.html bench-results.json .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -path ./.venv -prune -o -path ./labextension/node_modules -prune -o -name __pycache__ -print0 | xargs -0 rm -rf

distclean: clean ## remove the environments too
	@rm -rf .make .venv labextension/node_modules

# --- what `setup` is made of; each file in .make says that its step is done ------------------------------------------

# Looked at every time: it takes milliseconds, and an environment breaks when its Python or its folder is gone.
.venv/pyvenv.cfg: FORCE
	@tools/venv.sh "$(PYTHON)"

# The link goes first: an installer that replaces the editable package would delete the built files through it.
# SKIP_JUPYTER_BUILDER: the front end is built below, once, and only when it changed.
.make/python: .venv/pyvenv.cfg pyproject.toml constraints.txt
	@echo "→ Python packages"
	@rm -rf $(LAB_LINK)
	@SKIP_JUPYTER_BUILDER=1 .venv/bin/uv pip install --quiet --python $(PY) --constraints constraints.txt \
		--build-constraints constraints.txt --reinstall-package mlflow-aml-magics --editable '.[lab,sandbox]' --group dev
	@touch $@

.make/node: labextension/package.json labextension/package-lock.json $(if $(wildcard labextension/node_modules),,FORCE)
	@tools/require.sh node
	@echo "→ Node packages"
	@mkdir -p .make
	@cd labextension && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.make/front: .make/node $(FRONT) $(if $(filter-out $(wildcard $(BUILT)),$(BUILT)),FORCE) | .make/python
	@tools/require.sh node
	@echo "→ front end"
	@rm -rf mlflow_aml_magics/labextension $(STATIC)
	@cd labextension && $(IN_VENV) npm run --silent build
	@touch $@

.make/lab: .make/python .make/front
	@mkdir -p $(dir $(LAB_LINK))
	@rm -rf $(LAB_LINK)
	@ln -s ../../../../mlflow_aml_magics/labextension $(LAB_LINK)
	@touch $@
