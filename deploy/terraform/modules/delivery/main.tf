resource "google_artifact_registry_repository" "images" {
  repository_id = "olist"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the agent and the jobs."

  docker_config {
    immutable_tags = true
  }

  cleanup_policy_dry_run = false
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }
}

# GitHub's own token for a run of a workflow is exchanged for Google's: there is no key that could leak.
resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub Actions"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"
  display_name                       = "This repository, main branch"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    # Only a job that waited for the environment's reviewers has this claim.
    "attribute.environment" = "has(assertion.environment) ? assertion.environment : 'none'"
  }
  attribute_condition = "assertion.repository == '${var.github_repository}' && assertion.ref == 'refs/heads/main'"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

# Who becomes which account. Whoever changes more than these may applies as a person, with a person's rights.
locals {
  accounts = {
    # Any job on the main branch: pushes images and reads what a plan reads.
    planner = "attribute.repository/${var.github_repository}"
    # Jobs of the environment production, whose reviewers have read the plan: changes services and jobs.
    deployer = "attribute.environment/production"
  }
  members = { for name, account in google_service_account.github : name => "serviceAccount:${account.email}" }
}

resource "google_service_account" "github" {
  for_each = local.accounts

  account_id   = "olist-${each.key}"
  display_name = "GitHub Actions: ${each.key}"
}

resource "google_service_account_iam_member" "github" {
  for_each = local.accounts

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/${each.value}"
}

resource "google_project_iam_member" "viewer" {
  for_each = local.members

  project = var.project_id
  role    = "roles/viewer"
  member  = each.value
}

resource "google_project_iam_member" "reviewer" {
  for_each = local.members

  project = var.project_id
  role    = "roles/iam.securityReviewer"
  member  = each.value
}

# The provider has its requests counted against the project, which is a right of its own.
resource "google_project_iam_member" "consumer" {
  for_each = local.members

  project = var.project_id
  role    = "roles/serviceusage.serviceUsageConsumer"
  member  = each.value
}

resource "google_project_iam_member" "developer" {
  project = var.project_id
  role    = "roles/run.developer"
  member  = local.members.deployer
}

resource "google_artifact_registry_repository_iam_member" "push" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = local.members.planner
}

resource "google_storage_bucket_iam_member" "state" {
  for_each = { planner = "roles/storage.objectViewer", deployer = "roles/storage.objectUser" }

  bucket = var.state_bucket
  role   = each.value
  member = local.members[each.key]
}

resource "google_service_account_iam_member" "run_as" {
  for_each = var.runtime_accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = local.members.deployer
}
