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
    condition     = google_sql_database_instance.warehouse.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "the warehouse can be brought back to any moment"
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
