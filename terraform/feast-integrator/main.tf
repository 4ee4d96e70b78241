resource "juju_application" "feast_integrator" {
  name       = var.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "feast-integrator"
    channel  = var.channel
    revision = var.revision
  }

  config      = var.config
  constraints = var.constraints
  trust       = var.trust
  units       = var.units
}
