variable "app_name" {
  description = "Name of the application"
  type        = string
  default     = "feast-integrator"
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

variable "revision" {
  description = "Revision of the charm; the newest of the channel if it is null"
  type        = number
  default     = null
}

variable "trust" {
  description = "Whether the charm may write into users' namespaces, which it does where no resource-dispatcher is related"
  type        = bool
  default     = false
}

variable "units" {
  description = "Number of units"
  type        = number
  default     = 1
}
