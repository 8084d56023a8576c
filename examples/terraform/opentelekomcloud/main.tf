# A server by the provider of Open Telekom Cloud. It reads no address of a single service: everything is found in the
# catalog behind auth_url.
#
#   export OS_AUTH_URL=http://127.0.0.1:8774/v3 OS_DOMAIN_NAME=Default OS_TENANT_NAME=eu-de
#   export OS_USERNAME=admin OS_PASSWORD=…            # or OS_ACCESS_KEY and OS_SECRET_KEY

terraform {
  required_providers {
    opentelekomcloud = { source = "opentelekomcloud/opentelekomcloud" }
  }
}

provider "opentelekomcloud" {}

variable "name" {
  type    = string
  default = "web"
}

variable "role" {
  type    = string
  default = "front"
}

variable "tags" {
  type    = map(string)
  default = { team = "blue" }
}

data "opentelekomcloud_compute_bms_flavors_v2" "metal" {
  name = "physical.m2.large"
}

data "opentelekomcloud_networking_network_v2" "default" {
  name = "default"
}

resource "opentelekomcloud_compute_keypair_v2" "operator" {
  name = "operator"
}

resource "opentelekomcloud_compute_bms_server_v2" "web" {
  name                = var.name
  image_name          = "Debian 12 for BMS"
  flavor_id           = data.opentelekomcloud_compute_bms_flavors_v2.metal.id
  flavor_name         = data.opentelekomcloud_compute_bms_flavors_v2.metal.name
  availability_zone   = "eu-de-01"
  security_groups     = ["default"]
  key_pair            = opentelekomcloud_compute_keypair_v2.operator.name
  metadata            = { role = var.role }
  tags                = var.tags
  stop_before_destroy = true

  network {
    uuid = data.opentelekomcloud_networking_network_v2.default.id
  }
}

# By name: the provider does not look at an id that is given here.
data "opentelekomcloud_compute_bms_server_v2" "web" {
  name       = opentelekomcloud_compute_bms_server_v2.web.name
  depends_on = [opentelekomcloud_compute_bms_server_v2.web]
}

data "opentelekomcloud_compute_bms_nic_v2" "web" {
  server_id = opentelekomcloud_compute_bms_server_v2.web.id
}

output "address" {
  value = data.opentelekomcloud_compute_bms_server_v2.web.network[0].ip
}

output "mac" {
  value = data.opentelekomcloud_compute_bms_nic_v2.web.mac_address
}
