variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string
}

variable "location" {
  description = "Region or multi-region of the bucket."
  type        = string
}

variable "retention_days" {
  description = "Days during which an object can be neither deleted nor replaced; 0 for none."
  type        = number
}

variable "writers" {
  description = "IAM members that may create and read objects, by component."
  type        = map(string)
}

variable "deletion_protection" {
  description = "Whether a bucket with objects refuses to be destroyed."
  type        = bool
}
