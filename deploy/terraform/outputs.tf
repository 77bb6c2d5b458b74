output "registry" {
  description = "Where images are pushed to."
  value       = module.delivery.registry
}

output "lake" {
  description = "OLIST_LAKE of the jobs."
  value       = module.lake.url
}

output "record" {
  description = "OLIST_OPSTORE and OPENCLAW_OPSTORE."
  value       = module.analytics.record_url
}

output "warehouse_address" {
  description = "Private address of the warehouse, for the secret warehouse-url."
  value       = module.warehouse.address
}

output "agent_url" {
  description = "Where producers push to and the scheduler asks for passes; null before the first image."
  value       = module.agent.url
}

output "pages_url" {
  description = "The agent's pages, behind Identity-Aware Proxy; null before the first image."
  value       = module.agent.pages_url
}

output "github" {
  description = "Identity provider of the GitHub workflows, and the accounts that they plan and deploy as."
  value       = module.delivery.github
}

output "images" {
  description = "What runs now; a release from anywhere begins from it."
  value       = var.images
}
