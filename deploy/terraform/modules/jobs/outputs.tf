output "names" {
  description = "The jobs, by step."
  value       = { for step, job in google_cloud_run_v2_job.step : step => job.name }
}
