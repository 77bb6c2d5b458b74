variable "project_number" {
  description = "Number of the project whose costs are watched; by its name the budget would differ on every plan."
  type        = string
}

variable "billing_account" {
  description = "Billing account of the project."
  type        = string
}

variable "monthly_budget" {
  description = "Amount a month in the account's currency, whole units."
  type        = number
}

variable "email" {
  description = "Who is told."
  type        = string
}

variable "agent_service" {
  description = "Name of the Cloud Run service whose heartbeat is watched."
  type        = string
}

variable "agent_runs" {
  description = "Whether that service exists already; before, nothing can fall silent."
  type        = bool
}
