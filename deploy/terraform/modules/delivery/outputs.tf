output "registry" {
  description = "Prefix of every image."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}

output "github" {
  description = "What the workflows' variables GCP_IDENTITY_PROVIDER, GCP_PLANNER and GCP_DEPLOYER are set to."
  value = {
    provider = google_iam_workload_identity_pool_provider.github.name
    planner  = google_service_account.github["planner"].email
    deployer = google_service_account.github["deployer"].email
  }
}
