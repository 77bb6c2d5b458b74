# Who watches the watchman: Google Cloud itself, by e-mail.
resource "google_monitoring_notification_channel" "email" {
  display_name = "On call"
  type         = "email"
  labels       = { email_address = var.email }
}

# Each pass that was completed is one entry of the agent's log. A request that succeeds is less: any page does.
resource "google_logging_metric" "passes" {
  name        = "openclaw_passes"
  description = "Passes that OpenClaw has completed."
  # An entry with no other field than its message is kept as text.
  filter = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${var.agent_service}\" AND (jsonPayload.message = \"pass completed\" OR textPayload = \"pass completed\")"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

# Only with the service: Google takes no policy on a metric that was made in the same moment, and an absence wants a first pass anyway.
resource "google_monitoring_alert_policy" "silent_agent" {
  count = var.agent_runs ? 1 : 0

  display_name = "OpenClaw has made no pass for 15 minutes"
  combiner     = "OR"
  severity     = "CRITICAL"

  conditions {
    display_name = "no pass was completed"
    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.passes.name}\""
      duration = "900s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  notification_channels = [google_monitoring_notification_channel.email.id]

  documentation {
    mime_type = "text/markdown"
    content   = "Alerts may be missing: silence is not health. See the service's log, then the runbooks record-unreachable and run-lost."
  }
}

resource "google_monitoring_alert_policy" "failed_job" {
  display_name = "A job of the pipeline has failed"
  combiner     = "OR"
  severity     = "WARNING"

  conditions {
    display_name = "an execution ended without success"
    condition_threshold {
      filter          = "resource.type = \"cloud_run_job\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.job_name"]
      }
    }
  }

  notification_channels = [google_monitoring_notification_channel.email.id]

  documentation {
    mime_type = "text/markdown"
    content   = "The agent tells the cause in Discord. If it does not within ten minutes, it is the agent that needs help."
  }
}

resource "google_billing_budget" "month" {
  billing_account = var.billing_account
  display_name    = "Olist platform"

  budget_filter {
    projects = ["projects/${var.project_number}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  threshold_rules {
    threshold_percent = 1.2
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.email.id]
  }
}
