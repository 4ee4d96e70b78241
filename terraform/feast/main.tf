locals {
  # By the output of feast-integrator that names the endpoint which each serves.
  databases = {
    offline_store = var.offline_store
    online_store  = var.online_store
    registry      = var.registry
  }
}

resource "juju_application" "postgresql" {
  for_each = local.databases

  name       = each.value.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "postgresql-k8s"
    channel  = each.value.channel
    revision = each.value.revision
  }

  config             = each.value.config
  constraints        = each.value.constraints
  storage_directives = each.value.storage_directives
  trust              = true
  units              = each.value.units
}

module "feast_integrator" {
  source = "../feast-integrator"

  app_name    = var.feast_integrator.app_name
  channel     = var.feast_integrator.channel
  config      = var.feast_integrator.config
  constraints = var.feast_integrator.constraints
  model_uuid  = var.model_uuid
  revision    = var.feast_integrator.revision
  trust       = var.feast_integrator.trust
  units       = var.feast_integrator.units
}

module "feast_ui" {
  source = "../feast-ui"

  app_name    = var.feast_ui.app_name
  channel     = var.feast_ui.channel
  config      = var.feast_ui.config
  constraints = var.feast_ui.constraints
  model_uuid  = var.model_uuid
  resources   = var.feast_ui.resources
  revision    = var.feast_ui.revision
  trust       = var.service_mesh != null
  units       = var.feast_ui.units
}
