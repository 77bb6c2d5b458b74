# One image, two services: machines (scheduler, producers) come by IAM, people by Identity-Aware Proxy. Both work on the same record.
locals {
  # What each reads from Secret Manager, by the variable that it is given as.
  secrets = {
    openclaw       = { OPENCLAW_DISCORD_WEBHOOK = "discord-webhook" }
    openclaw-pages = { OPENCLAW_API_TOKEN = "agent-api-token" }
  }
  accounts = { openclaw = var.accounts.agent, openclaw-pages = var.accounts.pages }
  readers  = merge([for service, secrets in local.secrets : { for secret in values(secrets) : secret => local.accounts[service] }]...)
  services = var.image == null ? {} : {
    openclaw = {
      # Passes hold a lease; a second instance could only wait for it. Events are pushed while a pass runs, so several requests.
      instances   = 1
      concurrency = 8
      proxied     = false
      settings = {
        # Nobody gets here whom Cloud Run's IAM has not let in. Never so for the pages, which people reach.
        OPENCLAW_CALLERS_CHECKED = "true"
        OPENCLAW_VERTEX_PROJECT  = var.project_id
      }
    }
    openclaw-pages = {
      instances   = 2
      concurrency = 20
      proxied     = true
      settings = {
        OPENCLAW_SERVES = "pages"
      }
    }
  }
}

# Their values are added by hand and are in no state: gcloud secrets versions add.
resource "google_secret_manager_secret" "agent" {
  for_each = local.readers

  secret_id = each.key

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "agent" {
  for_each = local.readers

  secret_id = google_secret_manager_secret.agent[each.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${each.value}"
}

# Gemini by Vertex AI: no key to keep.
resource "google_project_iam_member" "gemini" {
  project = var.project_id
  role    = "roles/aiplatform.user"
  member  = "serviceAccount:${var.accounts.agent}"
}

resource "google_cloud_run_v2_service" "agent" {
  for_each = local.services

  name                = each.key
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = each.value.proxied
  deletion_protection = false

  template {
    service_account                  = local.accounts[each.key]
    max_instance_request_concurrency = each.value.concurrency
    timeout                          = "300s"

    scaling {
      min_instance_count = 0
      max_instance_count = each.value.instances
    }

    containers {
      image = var.image

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      env {
        name  = "OPENCLAW_OPSTORE"
        value = var.opstore
      }
      # Names the trace of a request in the logs.
      env {
        name  = "GOOGLE_CLOUD_PROJECT"
        value = var.project_id
      }
      # Its own deterministic address, known before it exists: links in alerts lead to the pages.
      env {
        name  = "OPENCLAW_PUBLIC_URL"
        value = "https://openclaw-pages-${var.project_number}.${var.region}.run.app"
      }
      env {
        name  = "OPENCLAW_LOG_LEVEL"
        value = "info"
      }

      dynamic "env" {
        for_each = each.value.settings
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets[each.key]
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.agent[env.value].secret_id
              version = "latest"
            }
          }
        }
      }

      # A port that is open: health of the record is what /health tells, and no reason to restart.
      startup_probe {
        tcp_socket {
          port = 8080
        }
        period_seconds    = 1
        failure_threshold = 30
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.agent]
}

resource "google_cloud_run_v2_service_iam_member" "callers" {
  for_each = var.image == null ? {} : merge(var.producers, { scheduler = "serviceAccount:${var.accounts.scheduler}" })

  name     = google_cloud_run_v2_service.agent["openclaw"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

# People pass the proxy, and the proxy may call the pages.
resource "google_cloud_run_v2_service_iam_member" "proxy" {
  count = var.image == null ? 0 : 1

  name     = google_cloud_run_v2_service.agent["openclaw-pages"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${var.project_number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_iap_web_cloud_run_service_iam_member" "visitors" {
  for_each = var.image == null ? toset([]) : toset(var.visitors)

  cloud_run_service_name = google_cloud_run_v2_service.agent["openclaw-pages"].name
  location               = var.region
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

resource "google_cloud_scheduler_job" "poll" {
  count = var.image == null ? 0 : 1

  name             = "openclaw-poll"
  description      = "A pass of the agent, as the safety net beside what producers push."
  region           = var.region
  schedule         = "*/5 * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "300s"

  retry_config {
    retry_count          = 2
    min_backoff_duration = "10s"
  }

  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.agent["openclaw"].uri}/poll"

    oidc_token {
      service_account_email = var.accounts.scheduler
      audience              = google_cloud_run_v2_service.agent["openclaw"].uri
    }
  }
}
