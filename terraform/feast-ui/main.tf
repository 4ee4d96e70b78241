resource "juju_application" "feast_ui" {
  name       = var.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "feast-ui"
    channel  = var.channel
    revision = var.revision
  }

  config      = var.config
  constraints = var.constraints
  resources   = var.resources
  trust       = var.trust
  units       = var.units
}
