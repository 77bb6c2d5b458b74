locals {
  # `run` is what the schedule starts; the others are for one step alone, by hand or by an orchestrator.
  jobs = var.image == null ? {} : {
    pipeline = ["run"]
    silver   = ["silver"]
    gold     = ["gold"]
    export   = ["export", "--to", "bigquery"]
  }
}

resource "google_secret_manager_secret" "warehouse_url" {
  secret_id = "warehouse-url"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "warehouse_url" {
  secret_id = google_secret_manager_secret.warehouse_url.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${var.account}"
}

resource "google_cloud_run_v2_job" "step" {
  for_each = local.jobs

  name                = "olist-${each.key}"
  location            = var.region
  deletion_protection = false

  template {
    # One at a time is kept by the warehouse's lock as well; a second one would only wait.
    parallelism = 1
    task_count  = 1

    template {
      service_account = var.account
      timeout         = "3600s"
      max_retries     = 1

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }

      containers {
        image = var.image
        args  = each.value

        resources {
          limits = { cpu = "2", memory = "4Gi" }
        }

        dynamic "env" {
          for_each = var.environment
          content {
            name  = env.key
            value = env.value
          }
        }

        env {
          name = "OLIST_WAREHOUSE"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.warehouse_url.secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.warehouse_url]
}

resource "google_cloud_run_v2_job_iam_member" "starter" {
  count = var.image == null ? 0 : 1

  name     = google_cloud_run_v2_job.step["pipeline"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.scheduler_account}"
}

resource "google_cloud_scheduler_job" "daily" {
  count = var.image == null ? 0 : 1

  name             = "olist-pipeline"
  description      = "Source to gold."
  region           = var.region
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project_id}/locations/${var.region}/jobs/${google_cloud_run_v2_job.step["pipeline"].name}:run"

    oauth_token {
      service_account_email = var.scheduler_account
    }
  }
}
