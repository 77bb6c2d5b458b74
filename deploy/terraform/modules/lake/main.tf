# The only copy of what was delivered: created once, never changed, kept from everybody's hands for a while.
resource "google_storage_bucket" "lake" {
  name                        = var.name
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  versioning {
    enabled = true
  }

  dynamic "retention_policy" {
    for_each = var.retention_days == 0 ? [] : [var.retention_days]
    content {
      retention_period = retention_policy.value * 24 * 60 * 60
    }
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 60 * 60
  }

  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
    condition {
      age            = 90
      matches_prefix = ["olist/bronze/", "olist/artifacts/"]
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 90
    }
  }
}

# Nobody may delete or replace: writers create and read.
resource "google_storage_bucket_iam_member" "create" {
  for_each = var.writers

  bucket = google_storage_bucket.lake.name
  role   = "roles/storage.objectCreator"
  member = each.value
}

resource "google_storage_bucket_iam_member" "read" {
  for_each = var.writers

  bucket = google_storage_bucket.lake.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
