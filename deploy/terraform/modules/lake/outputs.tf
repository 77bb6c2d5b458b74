output "url" {
  description = "OLIST_LAKE."
  value       = "gs://${google_storage_bucket.lake.name}/olist"
}
