output "app_name" {
  description = "Name of the application"
  value       = juju_application.feast_ui.name
}

output "application" {
  description = "The deployed application"
  value       = juju_application.feast_ui
}

output "provides" {
  description = "Endpoints that the charm provides"
  value = {
    provide_cmr_mesh = "provide-cmr-mesh"
  }
}

output "requires" {
  description = "Endpoints that the charm requires"
  value = {
    dashboard_links     = "dashboard-links"
    feast_configuration = "feast-configuration"
    ingress             = "ingress"
    istio_ingress_route = "istio-ingress-route"
    require_cmr_mesh    = "require-cmr-mesh"
    service_mesh        = "service-mesh"
  }
}
