resource "juju_integration" "databases" {
  for_each = local.databases

  model_uuid = var.model_uuid

  application {
    name     = module.feast_integrator.app_name
    endpoint = module.feast_integrator.requires[each.key]
  }

  application {
    name     = juju_application.postgresql[each.key].name
    endpoint = "database"
  }
}

resource "juju_integration" "feast_configuration" {
  model_uuid = var.model_uuid

  application {
    name     = module.feast_ui.app_name
    endpoint = module.feast_ui.requires.feast_configuration
  }

  application {
    name     = module.feast_integrator.app_name
    endpoint = module.feast_integrator.provides.feast_configuration
  }
}

resource "juju_integration" "secrets" {
  count = var.resource_dispatcher == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.feast_integrator.app_name
    endpoint = module.feast_integrator.requires.secrets
  }

  application {
    name     = var.resource_dispatcher.app_name
    endpoint = var.resource_dispatcher.secrets
  }
}

resource "juju_integration" "pod_defaults" {
  count = var.resource_dispatcher == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.feast_integrator.app_name
    endpoint = module.feast_integrator.requires.pod_defaults
  }

  application {
    name     = var.resource_dispatcher.app_name
    endpoint = var.resource_dispatcher.pod_defaults
  }
}

resource "juju_integration" "dashboard_links" {
  count = var.dashboard == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.feast_ui.app_name
    endpoint = module.feast_ui.requires.dashboard_links
  }

  application {
    name     = var.dashboard.app_name
    endpoint = var.dashboard.links
  }
}

resource "juju_integration" "ingress" {
  count = var.ingress == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.feast_ui.app_name
    endpoint = module.feast_ui.requires.ingress
  }

  application {
    name     = var.ingress.app_name
    endpoint = var.ingress.ingress
  }
}

resource "juju_integration" "istio_ingress_route" {
  count = var.istio_ingress == null ? 0 : 1

  model_uuid = var.model_uuid

  # The charm would be blocked: it can be behind one gateway alone.
  lifecycle {
    precondition {
      condition     = var.ingress == null
      error_message = "Set either ingress (Istio in sidecar mode) or istio_ingress (ambient mode), not both."
    }
  }

  application {
    name     = module.feast_ui.app_name
    endpoint = module.feast_ui.requires.istio_ingress_route
  }

  application {
    name     = var.istio_ingress.app_name
    endpoint = var.istio_ingress.istio_ingress_route
  }
}

resource "juju_integration" "service_mesh" {
  count = var.service_mesh == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.feast_ui.app_name
    endpoint = module.feast_ui.requires.service_mesh
  }

  application {
    name     = var.service_mesh.app_name
    endpoint = var.service_mesh.service_mesh
  }
}
