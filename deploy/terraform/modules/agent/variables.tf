variable "project_id" {
  description = "Project of the services, and of Vertex AI."
  type        = string
}

variable "project_number" {
  description = "Its number, which addresses and Google's own accounts are named by."
  type        = string
}

variable "region" {
  description = "Region of the services."
  type        = string
}

variable "image" {
  description = "The agent's image by digest; null until the first was pushed, and then there is no service yet."
  type        = string
}

variable "opstore" {
  description = "OPENCLAW_OPSTORE."
  type        = string
}

variable "accounts" {
  description = "E-mail addresses of the service accounts of the passes, the pages and the scheduler."
  type        = object({ agent = string, pages = string, scheduler = string })
}

variable "producers" {
  description = "IAM members that may push events, by component."
  type        = map(string)
}

variable "visitors" {
  description = "IAM members that may open the pages."
  type        = list(string)
}
