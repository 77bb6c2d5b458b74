variable "region" {
  description = "Region of the instance and the jobs' subnetwork."
  type        = string
}

variable "tier" {
  description = "Machine, as db-custom-<cores>-<MB>."
  type        = string
}

variable "flags" {
  description = "Settings of PostgreSQL."
  type        = map(string)
  default = {
    "cloudsql.enable_pgaudit"  = "on"
    log_checkpoints            = "on"
    log_connections            = "on"
    log_disconnections         = "on"
    log_duration               = "off"
    log_hostname               = "on"
    log_lock_waits             = "on"
    log_min_duration_statement = "-1"
    log_min_error_statement    = "error"
    log_min_messages           = "error"
    log_statement              = "ddl"
    maintenance_work_mem       = "524288"
  }
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be destroyed."
  type        = bool
}
