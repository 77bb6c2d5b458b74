output "registry" {
  description = "Prefix of every image."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}

output "deployer" {
  description = "What the workflows' variables GCP_DEPLOYER and GCP_IDENTITY_PROVIDER are set to."
  value = {
    account  = google_service_account.deployer.email
    provider = google_iam_workload_identity_pool_provider.github.name
  }
}
