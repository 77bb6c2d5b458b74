# Copy to production.tfvars and correct. Images do not belong here: a release names them.
project_id        = "example-olist"
region            = "europe-west1"
billing_account   = "000000-000000-000000"
monthly_budget    = 120
alert_email       = "data-oncall@example.com"
pages_members     = ["group:data@example.com"]
gold_readers      = ["group:analysts@example.com"]
github_repository = "example/olist-platform"
state_bucket      = "example-olist-terraform"
