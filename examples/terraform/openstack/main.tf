# A server with a key and a volume, by the provider of OpenStack. Credentials come from the file of the first start:
#
#   export OS_CLIENT_CONFIG_FILE=data/clouds.yaml OS_CLOUD=ingot

terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

provider "openstack" {}

variable "name" {
  type    = string
  default = "web"
}

variable "role" {
  type    = string
  default = "front"
}

variable "tags" {
  type    = set(string)
  default = ["blue"]
}

variable "image" {
  type    = string
  default = "Debian 12 for BMS"
}

# active or shutoff
variable "power" {
  type    = string
  default = "active"
}

data "openstack_compute_flavor_v2" "metal" {
  name = "physical.m2.large"
}

data "openstack_images_image_v2" "system" {
  name = var.image
}

data "openstack_networking_network_v2" "default" {
  name = "default"
}

# Without public_key: one is made, and its private half stands in the state.
resource "openstack_compute_keypair_v2" "operator" {
  name = "operator"
}

resource "openstack_compute_instance_v2" "web" {
  name        = var.name
  flavor_id   = data.openstack_compute_flavor_v2.metal.id
  image_id    = data.openstack_images_image_v2.system.id
  key_pair    = openstack_compute_keypair_v2.operator.name
  power_state = var.power
  metadata    = { role = var.role }
  tags        = var.tags

  network {
    uuid = data.openstack_networking_network_v2.default.id
  }
}

resource "openstack_blockstorage_volume_v3" "data" {
  name = "web-data"
  size = 100
}

resource "openstack_compute_volume_attach_v2" "data" {
  instance_id = openstack_compute_instance_v2.web.id
  volume_id   = openstack_blockstorage_volume_v3.data.id
}

# Another way to network: a network of one's own, and an address in it that waits for a server.
resource "openstack_networking_network_v2" "rack" {
  name = "rack"
}

resource "openstack_networking_subnet_v2" "rack" {
  name       = "rack"
  network_id = openstack_networking_network_v2.rack.id
  cidr       = "10.77.0.0/24"
}

resource "openstack_networking_port_v2" "reserved" {
  name       = "reserved"
  network_id = openstack_networking_network_v2.rack.id

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.rack.id
  }
}

output "address" {
  value = openstack_compute_instance_v2.web.access_ip_v4
}
