# Everything is installed inside the checkout: uv and its cache in .tools, the packages in .venv.
UV_VERSION := 0.13.9
UV := .tools/bin/uv
export UV_CACHE_DIR := $(CURDIR)/.tools/cache
export UV_PYTHON_PREFERENCE := only-system
# Without bytecode the first import of dbt and its like costs seconds in every process.
export UV_COMPILE_BYTECODE := 1

.PHONY: run test lint format benchmark clean

run: .venv/.run ## Install what is needed and run the whole pipeline
	@.venv/bin/olist run

test: .venv/.dev ## Run the tests
	.venv/bin/pytest -n 2 --dist loadscope

lint: .venv/.dev ## Check style, types and SQL
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/sqlfluff lint --disable-progress-bar dbt dashboards src/olist/dashboards/web src/olist/silver src/opstore
	.venv/bin/sqlfluff lint --disable-progress-bar --templater placeholder --config src/olist/warehouse/statements/.sqlfluff src/olist/warehouse

format: .venv/.dev ## Format Python and SQL
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/sqlfluff fix -p 0 dbt src

benchmark: .venv/.dev ## Compare the path to silver with bare COPY and pandas, and show what quality adds
	.venv/bin/python benchmarks/load.py
	.venv/bin/python benchmarks/quality.py

clean: ## Remove what was installed and built, keep .olist
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache

$(UV):
	@echo "installing uv $(UV_VERSION) into .tools"
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --no-cache-dir --disable-pip-version-check uv==$(UV_VERSION)

.venv/.run: uv.lock pyproject.toml | $(UV)
	@echo "installing the platform into .venv"
	@$(UV) sync --quiet --frozen --no-dev --extra pipeline --extra agent --extra dashboard --inexact
	@touch $@

.venv/.dev: uv.lock pyproject.toml | $(UV)
	@echo "installing the platform and its development tools into .venv"
	@$(UV) sync --quiet --frozen --all-extras --inexact
	@touch $@ .venv/.run
