variable "dashboard" {
  description = "The kubeflow-dashboard in the model, for a link to the UI, and its endpoint; none if it is null"
  type = object({
    app_name = string
    links    = optional(string, "links")
  })
  default = null
}

variable "feast_integrator" {
  description = "How feast-integrator is deployed"
  type = object({
    app_name    = optional(string, "feast-integrator")
    channel     = optional(string, "latest/edge")
    config      = optional(map(string), {})
    constraints = optional(string)
    revision    = optional(number)
    trust       = optional(bool, false)
    units       = optional(number, 1)
  })
  default  = {}
  nullable = false
}

variable "feast_ui" {
  description = "How feast-ui is deployed"
  type = object({
    app_name    = optional(string, "feast-ui")
    channel     = optional(string, "latest/edge")
    config      = optional(map(string), {})
    constraints = optional(string)
    resources   = optional(map(string), {})
    revision    = optional(number)
    units       = optional(number, 1)
  })
  default  = {}
  nullable = false
}

variable "ingress" {
  description = "The istio-pilot in the model, for a route to the UI through Istio in sidecar mode, and its endpoint; none if it is null"
  type = object({
    app_name = string
    ingress  = optional(string, "ingress")
  })
  default = null
}

variable "istio_ingress" {
  description = "The istio-ingress-k8s in the model, for a route to the UI through Istio in ambient mode, and its endpoint; none if it is null"
  type = object({
    app_name            = string
    istio_ingress_route = optional(string, "istio-ingress-route")
  })
  default = null
}

variable "model_uuid" {
  description = "UUID of the model to deploy to"
  type        = string
}

variable "offline_store" {
  description = "How the PostgreSQL of the offline store is deployed; by default it uses no more than 2048 MB of memory, or it would take the machine's"
  type = object({
    app_name           = optional(string, "feast-offline-store")
    channel            = optional(string, "14/stable")
    config             = optional(map(string), { profile_limit_memory = "2048" })
    constraints        = optional(string)
    revision           = optional(number)
    storage_directives = optional(map(string), {})
    units              = optional(number, 1)
  })
  default  = {}
  nullable = false
}

variable "online_store" {
  description = "How the PostgreSQL of the online store is deployed; its memory is limited as that of the offline store"
  type = object({
    app_name           = optional(string, "feast-online-store")
    channel            = optional(string, "14/stable")
    config             = optional(map(string), { profile_limit_memory = "2048" })
    constraints        = optional(string)
    revision           = optional(number)
    storage_directives = optional(map(string), {})
    units              = optional(number, 1)
  })
  default  = {}
  nullable = false
}

variable "registry" {
  description = "How the PostgreSQL of the registry is deployed; its memory is limited as that of the offline store"
  type = object({
    app_name           = optional(string, "feast-registry")
    channel            = optional(string, "14/stable")
    config             = optional(map(string), { profile_limit_memory = "2048" })
    constraints        = optional(string)
    revision           = optional(number)
    storage_directives = optional(map(string), {})
    units              = optional(number, 1)
  })
  default  = {}
  nullable = false
}

variable "resource_dispatcher" {
  description = "The resource-dispatcher in the model, which hands Feast's configuration to users, and its endpoints; none if it is null"
  type = object({
    app_name     = string
    secrets      = optional(string, "secrets")
    pod_defaults = optional(string, "pod-defaults")
  })
  default = null
}

variable "service_mesh" {
  description = "The istio-beacon-k8s in the model, for a UI that is part of the service mesh, and its endpoint; none if it is null"
  type = object({
    app_name     = string
    service_mesh = optional(string, "service-mesh")
  })
  default = null
}
