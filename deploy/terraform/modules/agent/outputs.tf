output "service_name" {
  description = "Name of the service whose heartbeat is watched."
  value       = "openclaw"
}

output "url" {
  description = "Address for producers; null before the first image."
  value       = try(google_cloud_run_v2_service.agent["openclaw"].uri, null)
}

output "pages_url" {
  description = "Address for people; null before the first image."
  value       = try(google_cloud_run_v2_service.agent["openclaw-pages"].uri, null)
}
