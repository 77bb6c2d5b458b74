locals {
  recorders = ["agent", "airflow", "pages", "pipeline"]
  loaders   = ["pipeline"]
  builders  = ["dbt"]
}

resource "google_bigquery_dataset" "record" {
  dataset_id                 = "olist_ops"
  location                   = var.location
  description                = "The operational record: runs, checks, events, incidents, alerts."
  delete_contents_on_destroy = !var.deletion_protection
}

# The platform makes it too at its first use, and its views with it; made here, it exists before the first run and refuses to be dropped.
resource "google_bigquery_table" "log" {
  dataset_id          = google_bigquery_dataset.record.dataset_id
  table_id            = "ops_rows"
  description         = "Every row of the record's tables as one JSON document."
  deletion_protection = var.deletion_protection
  clustering          = ["recorded_at"]

  range_partitioning {
    field = "table_number"
    range {
      start    = 0
      end      = 100
      interval = 1
    }
  }

  schema = jsonencode([
    { name = "table_number", type = "INTEGER", mode = "REQUIRED" },
    { name = "table_name", type = "STRING", mode = "REQUIRED" },
    { name = "row_key", type = "STRING", mode = "REQUIRED" },
    { name = "document", type = "STRING", mode = "REQUIRED" },
    { name = "recorded_at", type = "TIMESTAMP", mode = "REQUIRED" },
  ])
}

resource "google_bigquery_table" "volume" {
  dataset_id          = google_bigquery_dataset.record.dataset_id
  table_id            = "record_volume"
  description         = "Rows and bytes of the record by day and table: what it costs, and whether anything was recorded at all."
  deletion_protection = false

  view {
    use_legacy_sql = false
    query = templatefile("${path.module}/record_volume.sql", {
      log = "${var.project_id}.${google_bigquery_dataset.record.dataset_id}.${google_bigquery_table.log.table_id}"
    })
  }
}

resource "google_bigquery_dataset" "layer" {
  for_each = toset(["silver", "gold"])

  dataset_id                 = "olist_${each.value}"
  location                   = var.location
  description                = "${each.value} as it was last exported."
  delete_contents_on_destroy = !var.deletion_protection
}

# Gold beyond one machine. dbt makes a dataset only where its listing lacks one, and its account could not: it has roles on these alone.
resource "google_bigquery_dataset" "built" {
  for_each = {
    staging      = "Views of silver that dbt's models begin from; not served."
    intermediate = "What dbt's models share, and its seeds; not served."
    gold_next    = "Gold as dbt builds and tests it; not served."
    gold         = "Gold as the last green build has published it."
  }

  dataset_id                 = "olist_dbt_${each.key}"
  location                   = var.location
  description                = each.value
  delete_contents_on_destroy = !var.deletion_protection
}

resource "google_bigquery_dataset_iam_member" "record" {
  for_each = toset(local.recorders)

  dataset_id = google_bigquery_dataset.record.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = var.members[each.value]
}

resource "google_bigquery_dataset_iam_member" "load" {
  for_each = { for pair in setproduct(keys(google_bigquery_dataset.layer), local.loaders) : join("/", pair) => pair }

  dataset_id = google_bigquery_dataset.layer[each.value[0]].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = var.members[each.value[1]]
}

resource "google_bigquery_dataset_iam_member" "build" {
  for_each = { for pair in setproduct(keys(google_bigquery_dataset.built), local.builders) : join("/", pair) => pair }

  dataset_id = google_bigquery_dataset.built[each.value[0]].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = var.members[each.value[1]]
}

resource "google_bigquery_dataset_iam_member" "build_from" {
  for_each = toset(local.builders)

  dataset_id = google_bigquery_dataset.layer["silver"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = var.members[each.value]
}

resource "google_bigquery_dataset_iam_member" "read" {
  for_each = toset(var.readers)

  dataset_id = google_bigquery_dataset.layer["gold"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

resource "google_bigquery_dataset_iam_member" "read_built" {
  for_each = toset(var.readers)

  dataset_id = google_bigquery_dataset.built["gold"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

# Jobs are run in a project, not in a dataset.
resource "google_project_iam_member" "jobs" {
  for_each = toset(concat(local.recorders, local.loaders, local.builders))

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = var.members[each.value]
}
