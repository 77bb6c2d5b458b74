terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.21"
    }
  }

  # Bucket and prefix come with `terraform init -backend-config`, so that each environment has its own state.
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
  # Billing's own interfaces count a person's requests against a project only when they are told which.
  billing_project       = var.project_id
  user_project_override = true
}
