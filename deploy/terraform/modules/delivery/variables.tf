variable "project_id" {
  description = "Project that is deployed to."
  type        = string
}

variable "region" {
  description = "Region of the registry."
  type        = string
}

variable "github_repository" {
  description = "owner/name of the repository."
  type        = string
}

variable "state_bucket" {
  description = "Bucket of Terraform's state."
  type        = string
}

variable "runtime_accounts" {
  description = "Names of the accounts that a release's services and jobs run as, by component."
  type        = map(string)
}
