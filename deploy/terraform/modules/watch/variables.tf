variable "project_id" {
  description = "Project whose costs are watched."
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
