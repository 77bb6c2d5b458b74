locals {
  services = [
    "aiplatform", "artifactregistry", "bigquery", "billingbudgets", "cloudbilling", "cloudresourcemanager", "cloudscheduler", "compute",
    "iam", "iamcredentials", "iap", "logging", "monitoring", "run", "secretmanager", "servicenetworking", "serviceusage", "sqladmin",
    "storage", "sts",
  ]
  # One account for each component: a refusal in a log says who was refused.
  accounts = {
    agent     = "OpenClaw: the passes"
    airflow   = "Airflow: the record"
    dbt       = "dbt: gold beyond one machine"
    pages     = "OpenClaw: the pages"
    pipeline  = "Pipeline jobs"
    scheduler = "Cloud Scheduler"
  }
  member = { for name, account in google_service_account.component : name => "serviceAccount:${account.email}" }
}

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "used" {
  for_each = toset(local.services)

  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

resource "google_service_account" "component" {
  for_each = local.accounts

  account_id   = "olist-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.used]
}

module "lake" {
  source = "./modules/lake"

  name                = "${var.project_id}-olist-lake"
  location            = var.region
  retention_days      = var.lake_retention_days
  writers             = { pipeline = local.member.pipeline }
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.used]
}

module "analytics" {
  source = "./modules/analytics"

  project_id          = var.project_id
  location            = var.region
  members             = local.member
  readers             = var.gold_readers
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.used]
}

module "warehouse" {
  source = "./modules/warehouse"

  region              = var.region
  tier                = var.warehouse_tier
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.used]
}

module "agent" {
  source = "./modules/agent"

  project_id     = var.project_id
  project_number = data.google_project.this.number
  region         = var.region
  image          = var.images.agent
  opstore        = module.analytics.record_url
  accounts       = { for name in ["agent", "pages", "scheduler"] : name => google_service_account.component[name].email }
  producers      = { pipeline = local.member.pipeline }
  visitors       = var.pages_members

  depends_on = [google_project_service.used]
}

module "jobs" {
  source = "./modules/jobs"

  project_id        = var.project_id
  region            = var.region
  image             = var.images.jobs
  account           = google_service_account.component["pipeline"].email
  scheduler_account = google_service_account.component["scheduler"].email
  schedule          = var.schedule
  network           = module.warehouse.network
  subnetwork        = module.warehouse.subnetwork
  environment = merge(
    {
      OLIST_LAKE     = module.lake.url
      OLIST_OPSTORE  = module.analytics.record_url
      OLIST_BIGQUERY = module.analytics.load_url
      OLIST_SOURCE   = var.source_uri
    },
    # What a run finds is worked on by the agent itself, at once: it alone has Gemini and Discord.
    var.images.agent == null ? {} : {
      OPENCLAW_SERVICE = module.agent.url
    },
  )

  depends_on = [google_project_service.used]
}

module "delivery" {
  source = "./modules/delivery"

  project_id        = var.project_id
  region            = var.region
  github_repository = var.github_repository
  state_bucket      = var.state_bucket
  runtime_accounts  = { for name in ["agent", "pages", "pipeline"] : name => google_service_account.component[name].name }

  depends_on = [google_project_service.used]
}

module "watch" {
  source = "./modules/watch"

  project_number  = data.google_project.this.number
  billing_account = var.billing_account
  monthly_budget  = var.monthly_budget
  email           = var.alert_email
  agent_service   = module.agent.service_name
  agent_runs      = var.images.agent != null

  depends_on = [google_project_service.used]
}
