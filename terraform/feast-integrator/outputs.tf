output "app_name" {
  description = "Name of the application"
  value       = juju_application.feast_integrator.name
}

output "application" {
  description = "The deployed application"
  value       = juju_application.feast_integrator
}

output "provides" {
  description = "Endpoints that the charm provides"
  value = {
    feast_configuration = "feast-configuration"
  }
}

output "requires" {
  description = "Endpoints that the charm requires"
  value = {
    offline_store = "offline-store"
    online_store  = "online-store"
    pod_defaults  = "pod-defaults"
    registry      = "registry"
    secrets       = "secrets"
  }
}
