variable "project_id" {
  description = "The Google Cloud project that holds everything."
  type        = string
}

variable "region" {
  description = "Region of the services, the bucket and the datasets; one for all, since BigQuery loads only from its own location."
  type        = string
  default     = "europe-west1"
}

variable "billing_account" {
  description = "Billing account that the budget watches, as XXXXXX-XXXXXX-XXXXXX."
  type        = string
}

variable "monthly_budget" {
  description = "Amount a month, in the billing account's currency, at whose half, nine tenths and whole somebody is told."
  type        = number
  default     = 120
}

variable "alert_email" {
  description = "Who is told by Google Cloud itself when the agent falls silent, a job fails or the budget is spent: the second way beside Discord."
  type        = string
}

variable "pages_members" {
  description = "Who may open the agent's pages, as IAM members such as group:data@example.com."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setintersection(var.pages_members, ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "The pages are never public: name people, groups or a domain."
  }
}

variable "gold_readers" {
  description = "Who may read gold in BigQuery, as IAM members."
  type        = list(string)
  default     = []

  validation {
    condition     = length(setintersection(var.gold_readers, ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "Gold is never public: name people, groups or a domain."
  }
}

variable "github_repository" {
  description = "owner/name of the repository whose workflows on the main branch may deploy."
  type        = string
}

variable "state_bucket" {
  description = "Bucket of Terraform's state, which the workflows read and write."
  type        = string
}

variable "images" {
  description = "Images by digest (…@sha256:…) of the agent and of the jobs; null until they were pushed for the first time. A release gives them, no file of yours."
  type = object({
    agent = optional(string)
    jobs  = optional(string)
  })
  default = {}

  validation {
    condition     = alltrue([for image in values(var.images) : image == null ? true : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "An image is named by its digest (name@sha256:…): a tag may mean another one tomorrow."
  }
}

variable "schedule" {
  description = "When the pipeline runs, in cron's form, UTC."
  type        = string
  default     = "0 5 * * *"
}

variable "source_uri" {
  description = "What the jobs read (OLIST_SOURCE): kaggle, synthetic, or a path that is mounted."
  type        = string
  default     = "kaggle"
}

variable "warehouse_tier" {
  description = "Machine of Cloud SQL."
  type        = string
  default     = "db-custom-1-3840"
}

variable "lake_retention_days" {
  description = "Days during which no object of the lake can be deleted or replaced by anybody; 0 for no such days."
  type        = number
  default     = 30
}

variable "deletion_protection" {
  description = "Whether what holds data refuses to be destroyed."
  type        = bool
  default     = true
}
