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
  agent_api_token   = "a-token-of-the-test"
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

run "agent_is_called_by_the_scheduler_and_looked_at_through_the_proxy" {
  command = apply

  module {
    source = "./modules/agent"
  }

  variables {
    region    = "europe-west1"
    image     = var.images.agent
    api_token = "a-token-of-the-test"
    opstore   = "bigquery://demo/olist_ops"
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
    condition     = google_cloud_scheduler_job.poll[0].http_target[0].oidc_token[0].service_account_email == "olist-scheduler@demo.iam.gserviceaccount.com"
    error_message = "the scheduler comes with a token of its own account"
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
    condition     = length([for env in google_cloud_run_v2_service.agent["openclaw"].template[0].containers[0].env : env if contains(["OPENCLAW_API_TOKEN", "OPENCLAW_DISCORD_WEBHOOK"], env.name) && length(env.value_source) == 1]) == 2
    error_message = "secrets come from Secret Manager, never as a value"
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
    condition     = length([for caller in google_cloud_run_v2_service_iam_member.callers : caller if caller.member == "allUsers"]) == 0
    error_message = "nobody calls without an identity"
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
    recorders           = { agent = "serviceAccount:a@demo.iam.gserviceaccount.com" }
    loaders             = { pipeline = "serviceAccount:p@demo.iam.gserviceaccount.com" }
    readers             = ["group:analysts@example.com"]
    deletion_protection = true
  }

  assert {
    condition     = google_bigquery_table.log.time_partitioning[0].type == "DAY" && google_bigquery_table.log.deletion_protection
    error_message = "the record is partitioned by day and not dropped by mistake"
  }
  assert {
    condition     = length(google_bigquery_table.volume.view) == 1
    error_message = "the view of the record's volume is there"
  }
  assert {
    condition     = toset(keys(google_bigquery_dataset.layer)) == toset(["silver", "gold"]) && toset(keys(google_bigquery_dataset_iam_member.read)) == toset(["group:analysts@example.com"]) && google_bigquery_dataset_iam_member.read["group:analysts@example.com"].role == "roles/bigquery.dataViewer"
    error_message = "analysts read gold"
  }
  assert {
    condition     = length([for member in google_bigquery_dataset_iam_member.load : member if strcontains(member.member, "a@demo")]) == 0
    error_message = "the agent writes neither silver nor gold"
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
    pullers          = { agent = "serviceAccount:a@demo.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'example/olist' && assertion.ref == 'refs/heads/main'"
    error_message = "only workflows of the main branch of this repository are let in"
  }
  assert {
    condition     = toset([for member in google_project_iam_member.deployer : member.role]) == toset(["roles/run.developer", "roles/viewer", "roles/iam.securityReviewer"])
    error_message = "a workflow releases images and reads the rest"
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
    monthly_budget = 120
    email          = "oncall@example.com"
    agent_service  = "openclaw"
  }

  assert {
    condition     = google_monitoring_alert_policy.silent_agent.conditions[0].condition_absent[0].duration == "900s" && strcontains(google_monitoring_alert_policy.silent_agent.conditions[0].condition_absent[0].filter, "service_name = \"openclaw\"")
    error_message = "three passes missed are an alarm that does not need the agent"
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
    condition     = length(distinct([for account in google_service_account.component : account.account_id])) == 4
    error_message = "each component has an account of its own"
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
