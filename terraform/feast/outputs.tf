output "databases" {
  description = "Names of the PostgreSQL applications, by what they are for"
  value       = { for store, database in juju_application.postgresql : store => database.name }
}

output "feast_integrator" {
  description = "Name and endpoints of feast-integrator"
  value = {
    app_name = module.feast_integrator.app_name
    provides = module.feast_integrator.provides
    requires = module.feast_integrator.requires
  }
}

output "feast_ui" {
  description = "Name and endpoints of feast-ui"
  value = {
    app_name = module.feast_ui.app_name
    provides = module.feast_ui.provides
    requires = module.feast_ui.requires
  }
}
