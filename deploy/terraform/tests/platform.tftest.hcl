# What the deployment promises, on mocks: nothing is reached, every reference and count is real.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project_id        = "demo"
  billing_account   = "000000-000000-000000"
  alert_email       = "oncall@example.com"
  github_repository = "example/olist"
  state_bucket      = "demo-terraform"
  pages_members     = ["group:data@example.com"]
  images = {
    agent = "europe-west1-docker.pkg.dev/demo/olist/agent@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    jobs  = "europe-west1-docker.pkg.dev/demo/olist/jobs@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}

run "lake_keeps_what_was_delivered" {
  command = apply

  module {
    source = "./modules/lake"
  }

  variables {
    name                = "demo-lake"
    location            = "europe-west1"
    retention_days      = 30
    writers             = { pipeline = "serviceAccount:p@demo.iam.gserviceaccount.com" }
    deletion_protection = true
  }

  assert {
    condition     = google_storage_bucket.lake.versioning[0].enabled && google_storage_bucket.lake.uniform_bucket_level_access
    error_message = "the lake is versioned and has uniform access"
  }
  assert {
    condition     = google_storage_bucket.lake.public_access_prevention == "enforced"
    error_message = "the lake is never public"
  }
  assert {
    condition     = tonumber(google_storage_bucket.lake.retention_policy[0].retention_period) == 2592000
    error_message = "what was written stays for 30 days"
  }
  assert {
    condition     = google_storage_bucket_iam_member.create["pipeline"].role == "roles/storage.objectCreator"
    error_message = "writers may create, and neither replace nor delete"
  }
}

run "a_lake_without_retention_has_no_policy" {
  command = apply

  module {
    source = "./modules/lake"
  }

  variables {
    name                = "demo-lake"
    location            = "europe-west1"
    retention_days      = 0
    writers             = {}
    deletion_protection = true
  }

  assert {
    condition     = length(google_storage_bucket.lake.retention_policy) == 0 && google_storage_bucket.lake.versioning[0].enabled
    error_message = "0 days are no retention, and versions are kept all the same"
  }
}

run "agent_is_called_by_the_scheduler_and_looked_at_through_the_proxy" {
  command = apply

  module {
    source = "./modules/agent"
  }

  variables {
    project_number = "123456789012"
    region         = "europe-west1"
    image          = var.images.agent
    opstore        = "bigquery://demo/olist_ops"
    accounts = {
      agent     = "olist-agent@demo.iam.gserviceaccount.com"
      pages     = "olist-pages@demo.iam.gserviceaccount.com"
      scheduler = "olist-scheduler@demo.iam.gserviceaccount.com"
    }
    producers = { pipeline = "serviceAccount:olist-pipeline@demo.iam.gserviceaccount.com" }
    visitors  = ["group:data@example.com"]
  }

  assert {
    condition     = google_cloud_scheduler_job.poll[0].schedule == "*/5 * * * *"
    error_message = "a pass every five minutes"
  }
  assert {
    condition     = google_cloud_scheduler_job.poll[0].http_target[0].uri == "${google_cloud_run_v2_service.agent["openclaw"].uri}/poll" && google_cloud_scheduler_job.poll[0].http_target[0].oidc_token[0].audience == google_cloud_run_v2_service.agent["openclaw"].uri
    error_message = "the scheduler asks the agent, with a token that is meant for it"
  }
  assert {
    condition     = google_cloud_scheduler_job.poll[0].http_target[0].oidc_token[0].service_account_email == "olist-scheduler@demo.iam.gserviceaccount.com" && length(coalesce(google_cloud_scheduler_job.poll[0].http_target[0].headers, {})) == 0
    error_message = "the scheduler comes with a token of its own account, and with no other that the state would hold"
  }
  assert {
    condition     = google_cloud_run_v2_service.agent["openclaw"].template[0].scaling[0].max_instance_count == 1 && google_cloud_run_v2_service.agent["openclaw"].template[0].scaling[0].min_instance_count == 0
    error_message = "passes run in one instance, which scales to zero"
  }
  assert {
    condition     = google_cloud_run_v2_service.agent["openclaw"].template[0].service_account == "olist-agent@demo.iam.gserviceaccount.com"
    error_message = "the agent runs as its own account"
  }
  assert {
    condition = { for name, service in google_cloud_run_v2_service.agent : name => {
      for env in service.template[0].containers[0].env : env.name => env.value_source[0].secret_key_ref[0].secret if length(env.value_source) == 1
    } } == { openclaw = { OPENCLAW_DISCORD_WEBHOOK = "discord-webhook" }, openclaw-pages = { OPENCLAW_API_TOKEN = "agent-api-token" } }
    error_message = "each has the one secret that it needs, from Secret Manager"
  }
  assert {
    condition = { for secret, grant in google_secret_manager_secret_iam_member.agent : secret => grant.member } == {
      discord-webhook = "serviceAccount:olist-agent@demo.iam.gserviceaccount.com"
      agent-api-token = "serviceAccount:olist-pages@demo.iam.gserviceaccount.com"
    }
    error_message = "and may read no other"
  }
  assert {
    condition     = [for name, service in google_cloud_run_v2_service.agent : name if length([for env in service.template[0].containers[0].env : env if env.name == "OPENCLAW_CALLERS_CHECKED"]) > 0] == ["openclaw"]
    error_message = "only where IAM has checked every caller is a write let in without a token"
  }
  assert {
    condition     = [for name, service in google_cloud_run_v2_service.agent : name if length([for env in service.template[0].containers[0].env : env if env.name == "OPENCLAW_SERVES" && env.value == "pages"]) > 0] == ["openclaw-pages"]
    error_message = "the pages make no passes and take no events"
  }
  assert {
    condition     = [for name, service in google_cloud_run_v2_service.agent : name if length([for env in service.template[0].containers[0].env : env if env.name == "OPENCLAW_VERTEX_PROJECT"]) > 0] == ["openclaw"]
    error_message = "the pages ask no model"
  }
  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.agent : service.invoker_iam_disabled == null || service.invoker_iam_disabled == false])
    error_message = "IAM checks every caller of both services"
  }
  assert {
    condition     = google_cloud_run_v2_service.agent["openclaw-pages"].iap_enabled && !google_cloud_run_v2_service.agent["openclaw"].iap_enabled
    error_message = "people pass the proxy, machines do not"
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.proxy[0].member == "serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com" && google_iap_web_cloud_run_service_iam_member.visitors["group:data@example.com"].role == "roles/iap.httpsResourceAccessor"
    error_message = "only the proxy calls the pages, and only those who were named pass it"
  }
  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.agent : service.template[0].scaling[0].min_instance_count == 0 && length([for env in service.template[0].containers[0].env : env if env.name == "GOOGLE_CLOUD_PROJECT" && env.value == "demo"]) == 1])
    error_message = "both services scale to zero, and their logs can name traces"
  }
  assert {
    condition     = { for name, caller in google_cloud_run_v2_service_iam_member.callers : name => "${caller.role} ${caller.member}" } == { pipeline = "roles/run.invoker serviceAccount:olist-pipeline@demo.iam.gserviceaccount.com", scheduler = "roles/run.invoker serviceAccount:olist-scheduler@demo.iam.gserviceaccount.com" }
    error_message = "nobody else calls the agent, and nobody without an identity"
  }
}

run "warehouse_has_no_public_address" {
  command = apply

  module {
    source = "./modules/warehouse"
  }

  variables {
    region              = "europe-west1"
    tier                = "db-custom-1-3840"
    deletion_protection = true
  }

  assert {
    condition     = !google_sql_database_instance.warehouse.settings[0].ip_configuration[0].ipv4_enabled
    error_message = "the warehouse is private"
  }
  assert {
    condition     = google_sql_database_instance.warehouse.settings[0].backup_configuration[0].enabled && google_sql_database_instance.warehouse.deletion_protection
    error_message = "the warehouse is backed up and not dropped by mistake"
  }
  assert {
    condition     = google_sql_database_instance.warehouse.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "the warehouse can be brought back to any moment"
  }
}

run "record_and_layers_have_the_roles_that_they_need_and_no_more" {
  command = apply

  module {
    source = "./modules/analytics"
  }

  variables {
    location            = "europe-west1"
    members             = { for name in ["agent", "airflow", "dbt", "pages", "pipeline", "scheduler"] : name => "serviceAccount:${name}@demo" }
    readers             = ["group:analysts@example.com"]
    deletion_protection = true
  }

  assert {
    condition     = google_bigquery_table.log.table_id == "ops_rows" && google_bigquery_table.log.range_partitioning[0].field == "table_number" && google_bigquery_table.log.deletion_protection
    error_message = "the record has a partition for each of its tables and is not dropped by mistake"
  }
  assert {
    condition     = length(google_bigquery_table.volume.view) == 1
    error_message = "the view of the record's volume is there"
  }
  assert {
    condition = toset([for dataset in concat([google_bigquery_dataset.record], values(google_bigquery_dataset.layer), values(google_bigquery_dataset.built)) : "${dataset.dataset_id} ${dataset.location}"]) == toset([
      "olist_ops europe-west1", "olist_silver europe-west1", "olist_gold europe-west1",
      "olist_dbt_staging europe-west1", "olist_dbt_intermediate europe-west1", "olist_dbt_gold_next europe-west1", "olist_dbt_gold europe-west1",
    ])
    error_message = "the record, what exports load and what dbt builds, in one location"
  }
  assert {
    condition = toset([for grant in concat(values(google_bigquery_dataset_iam_member.record), values(google_bigquery_dataset_iam_member.load), values(google_bigquery_dataset_iam_member.build)) : "${grant.dataset_id} ${grant.role} ${grant.member}"]) == toset([
      "olist_ops roles/bigquery.dataEditor serviceAccount:agent@demo",
      "olist_ops roles/bigquery.dataEditor serviceAccount:airflow@demo",
      "olist_ops roles/bigquery.dataEditor serviceAccount:pages@demo",
      "olist_ops roles/bigquery.dataEditor serviceAccount:pipeline@demo",
      "olist_silver roles/bigquery.dataEditor serviceAccount:pipeline@demo",
      "olist_gold roles/bigquery.dataEditor serviceAccount:pipeline@demo",
      "olist_dbt_staging roles/bigquery.dataEditor serviceAccount:dbt@demo",
      "olist_dbt_intermediate roles/bigquery.dataEditor serviceAccount:dbt@demo",
      "olist_dbt_gold_next roles/bigquery.dataEditor serviceAccount:dbt@demo",
      "olist_dbt_gold roles/bigquery.dataEditor serviceAccount:dbt@demo",
    ])
    error_message = "the record is written by who records, silver and gold by the pipeline alone, dbt's datasets by dbt alone"
  }
  assert {
    condition = toset([for grant in concat(values(google_bigquery_dataset_iam_member.build_from), values(google_bigquery_dataset_iam_member.read), values(google_bigquery_dataset_iam_member.read_built)) : "${grant.dataset_id} ${grant.role} ${grant.member}"]) == toset([
      "olist_silver roles/bigquery.dataViewer serviceAccount:dbt@demo",
      "olist_gold roles/bigquery.dataViewer group:analysts@example.com",
      "olist_dbt_gold roles/bigquery.dataViewer group:analysts@example.com",
    ])
    error_message = "dbt reads silver, analysts read gold"
  }
  assert {
    condition     = toset([for grant in google_project_iam_member.jobs : "${grant.role} ${grant.member}"]) == toset([for name in ["agent", "airflow", "dbt", "pages", "pipeline"] : "roles/bigquery.jobUser serviceAccount:${name}@demo"])
    error_message = "all of them run jobs in the project, and have no other role in it"
  }
}

run "jobs_run_one_at_a_time_with_the_warehouse_from_secret_manager" {
  command = apply

  module {
    source = "./modules/jobs"
  }

  variables {
    region            = "europe-west1"
    image             = var.images.jobs
    account           = "olist-pipeline@demo.iam.gserviceaccount.com"
    scheduler_account = "olist-scheduler@demo.iam.gserviceaccount.com"
    schedule          = "0 5 * * *"
    network           = "olist"
    subnetwork        = "olist-jobs"
    environment       = { OLIST_SOURCE = "kaggle" }
  }

  assert {
    condition     = toset(keys(google_cloud_run_v2_job.step)) == toset(["pipeline", "silver", "gold", "export"])
    error_message = "a job for the whole, and one for each step that may be wanted alone"
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.step : job.template[0].parallelism == 1 && job.template[0].task_count == 1])
    error_message = "two at once would only wait for the warehouse's lock"
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.step : length([for env in job.template[0].template[0].containers[0].env : env if env.name == "OLIST_WAREHOUSE" && length(env.value_source) == 1]) == 1])
    error_message = "the warehouse's URL holds a password and comes from Secret Manager"
  }
}

run "delivery_has_no_keys_and_serves_one_branch" {
  command = apply

  module {
    source = "./modules/delivery"
  }

  variables {
    region           = "europe-west1"
    runtime_accounts = { agent = "projects/demo/serviceAccounts/a" }
  }

  override_resource {
    target = google_service_account.github["planner"]
    values = { email = "planner@demo", name = "projects/demo/serviceAccounts/planner" }
  }
  override_resource {
    target = google_service_account.github["deployer"]
    values = { email = "deployer@demo", name = "projects/demo/serviceAccounts/deployer" }
  }
  override_resource {
    target = google_iam_workload_identity_pool.github
    values = { name = "POOL" }
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'example/olist' && assertion.ref == 'refs/heads/main'"
    error_message = "only workflows of the main branch of this repository are let in"
  }
  assert {
    condition = toset([for grant in google_service_account_iam_member.github : "${grant.service_account_id} ${grant.member}"]) == toset([
      "projects/demo/serviceAccounts/planner principalSet://iam.googleapis.com/POOL/attribute.repository/example/olist",
      "projects/demo/serviceAccounts/deployer principalSet://iam.googleapis.com/POOL/attribute.environment/production",
    ]) && startswith(google_iam_workload_identity_pool_provider.github.attribute_mapping["attribute.environment"], "has(assertion.environment) ?")
    error_message = "only a job that the environment's reviewers let through becomes the account that changes something"
  }
  assert {
    condition = toset([for grant in concat(values(google_project_iam_member.viewer), values(google_project_iam_member.reviewer), values(google_project_iam_member.consumer), [google_project_iam_member.developer]) : "${grant.role} ${grant.member}"]) == toset([
      "roles/viewer serviceAccount:planner@demo", "roles/viewer serviceAccount:deployer@demo",
      "roles/iam.securityReviewer serviceAccount:planner@demo", "roles/iam.securityReviewer serviceAccount:deployer@demo",
      "roles/serviceusage.serviceUsageConsumer serviceAccount:planner@demo", "roles/serviceusage.serviceUsageConsumer serviceAccount:deployer@demo",
      "roles/run.developer serviceAccount:deployer@demo",
    ])
    error_message = "a workflow releases images and reads the rest"
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.push.member == "serviceAccount:planner@demo" && { for name, grant in google_storage_bucket_iam_member.state : name => "${grant.role} ${grant.member}" } == { planner = "roles/storage.objectViewer serviceAccount:planner@demo", deployer = "roles/storage.objectUser serviceAccount:deployer@demo" }
    error_message = "who plans pushes images and reads the state; who deploys writes it"
  }
  assert {
    condition     = { for name, grant in google_service_account_iam_member.run_as : name => grant.member } == { agent = "serviceAccount:deployer@demo" }
    error_message = "only the deployer acts as the accounts of what it deploys"
  }
  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "a tag keeps its meaning"
  }
}

run "somebody_is_told_when_the_agent_falls_silent" {
  command = apply

  module {
    source = "./modules/watch"
  }

  variables {
    project_number = "123456789012"
    monthly_budget = 120
    email          = "oncall@example.com"
    agent_service  = "openclaw"
    agent_runs     = true
  }

  assert {
    condition     = google_monitoring_alert_policy.silent_agent[0].conditions[0].condition_absent[0].duration == "900s" && strcontains(google_monitoring_alert_policy.silent_agent[0].conditions[0].condition_absent[0].filter, "metric.type = \"logging.googleapis.com/user/${google_logging_metric.passes.name}\"")
    error_message = "three passes missed are an alarm that does not need the agent"
  }
  assert {
    condition     = strcontains(google_logging_metric.passes.filter, "service_name = \"openclaw\"") && strcontains(google_logging_metric.passes.filter, "jsonPayload.message = \"pass completed\"") && google_logging_metric.passes.metric_descriptor[0].metric_kind == "DELTA"
    error_message = "only a pass that the agent completed is its heartbeat"
  }
  assert {
    condition     = google_billing_budget.month.budget_filter[0].projects == toset(["projects/123456789012"]) || google_billing_budget.month.budget_filter[0].projects == tolist(["projects/123456789012"])
    error_message = "the budget names the project as Google gives it back"
  }
  assert {
    condition     = google_billing_budget.month.amount[0].specified_amount[0].units == "120" && length(google_billing_budget.month.threshold_rules) == 4
    error_message = "the budget tells at a half, nine tenths, the whole, and what is to come"
  }
}

run "everything_together" {
  command = apply

  assert {
    condition     = output.record == "bigquery://demo/olist_ops" && output.lake == "gs://demo-olist-lake/olist"
    error_message = "the settings of the jobs name what was made"
  }
  assert {
    condition     = toset(values(google_service_account.component)[*].account_id) == toset(["olist-agent", "olist-airflow", "olist-dbt", "olist-pages", "olist-pipeline", "olist-scheduler"])
    error_message = "each component has an account of its own, by the names in the docs"
  }
  assert {
    condition     = output.images == var.images
    error_message = "the state tells what runs, for a release from another checkout"
  }
}

run "before_the_first_image_there_is_no_service" {
  command = apply

  variables {
    images = {}
  }

  assert {
    condition     = output.agent_url == null && output.pages_url == null
    error_message = "without an image neither service nor schedule"
  }
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    images = { agent = "europe-west1-docker.pkg.dev/demo/olist/agent:latest" }
  }

  expect_failures = [var.images]
}

run "nothing_is_public" {
  command = plan

  variables {
    pages_members = ["allAuthenticatedUsers"]
    gold_readers  = ["allUsers"]
  }

  expect_failures = [var.pages_members, var.gold_readers]
}
