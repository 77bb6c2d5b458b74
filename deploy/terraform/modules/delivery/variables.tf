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

variable "billing_account" {
  description = "Billing account whose budget a plan reads."
  type        = string
}

variable "runtime_accounts" {
  description = "Names of the accounts that services and jobs run as, by component."
  type        = map(string)
}

variable "pullers" {
  description = "IAM members that may pull images, by component."
  type        = map(string)
}
