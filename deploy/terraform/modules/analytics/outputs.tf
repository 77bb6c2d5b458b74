output "record_url" {
  description = "OLIST_OPSTORE and OPENCLAW_OPSTORE."
  value       = "bigquery://${var.project_id}/${google_bigquery_dataset.record.dataset_id}"
}

output "load_url" {
  description = "OLIST_BIGQUERY."
  value       = "bigquery://${var.project_id}/olist"
}
