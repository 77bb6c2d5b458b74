variable "project_id" {
  description = "Project in which queries are run."
  type        = string
}

variable "location" {
  description = "Location of the datasets; the lake's, or loads fail."
  type        = string
}

variable "members" {
  description = "The IAM member of each component; the module knows what each may do."
  type        = map(string)
}

variable "readers" {
  description = "IAM members that read gold."
  type        = list(string)
}

variable "deletion_protection" {
  description = "Whether datasets with tables, and the record's log, refuse to be destroyed."
  type        = bool
}
