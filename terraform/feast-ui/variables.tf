variable "app_name" {
  description = "Name of the application"
  type        = string
  default     = "feast-ui"
}

variable "channel" {
  description = "Channel of the charm"
  type        = string
  default     = "latest/edge"
}

variable "config" {
  description = "Configuration options of the charm"
  type        = map(string)
  default     = {}
}

variable "constraints" {
  description = "Constraints of the application, such as `arch=arm64`"
  type        = string
  default     = null
}

variable "model_uuid" {
  description = "UUID of the model to deploy to"
  type        = string
}

variable "resources" {
  description = "Resources of the charm, by name: a revision, or the URL of an image for `oci-image`; the channel's own if it is empty"
  type        = map(string)
  default     = {}
}

variable "revision" {
  description = "Revision of the charm; the newest of the channel if it is null"
  type        = number
  default     = null
}

variable "trust" {
  description = "Whether the charm may change its Kubernetes objects, which a service mesh needs: it labels the pods and the Service"
  type        = bool
  default     = false
}

variable "units" {
  description = "Number of units"
  type        = number
  default     = 1
}
