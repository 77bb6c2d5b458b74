variable "project_id" {
  description = "Project of the jobs."
  type        = string
}

variable "region" {
  description = "Region of the jobs."
  type        = string
}

variable "image" {
  description = "The jobs' image by digest; null until the first was pushed."
  type        = string
}

variable "account" {
  description = "E-mail address of the account that the jobs run as."
  type        = string
}

variable "scheduler_account" {
  description = "E-mail address of the account that starts them."
  type        = string
}

variable "schedule" {
  description = "When the pipeline runs, in cron's form, UTC."
  type        = string
}

variable "network" {
  description = "Network that reaches the warehouse."
  type        = string
}

variable "subnetwork" {
  description = "Subnetwork of the jobs."
  type        = string
}

variable "environment" {
  description = "Settings of the platform, nothing secret."
  type        = map(string)
}
