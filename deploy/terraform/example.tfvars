# Copy to production.tfvars and correct. The token comes from the environment: TF_VAR_agent_api_token.
project_id        = "example-olist"
region            = "europe-west1"
billing_account   = "000000-000000-000000"
monthly_budget    = 120
alert_email       = "data-oncall@example.com"
pages_members     = ["group:data@example.com"]
gold_readers      = ["group:analysts@example.com"]
github_repository = "example/olist-platform"
state_bucket      = "example-olist-terraform"

# After the first push, by digest:
# images = {
#   agent = "europe-west1-docker.pkg.dev/example-olist/olist/agent@sha256:…"
#   jobs  = "europe-west1-docker.pkg.dev/example-olist/olist/jobs@sha256:…"
# }
