output "address" {
  description = "Private address of the instance."
  value       = google_sql_database_instance.warehouse.private_ip_address
}

output "network" {
  description = "Network that reaches the instance."
  value       = google_compute_network.private.id
}

output "subnetwork" {
  description = "Subnetwork of the jobs."
  value       = google_compute_subnetwork.jobs.id
}
