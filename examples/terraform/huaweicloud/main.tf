# A server by the provider of Huawei Cloud. It reads no catalog: every service that is used is named under endpoints,
# or the provider asks the public cloud.
#
#   export HW_ACCESS_KEY=… HW_SECRET_KEY=…            # from data/access-key.json

terraform {
  required_providers {
    huaweicloud = { source = "huaweicloud/huaweicloud" }
  }
}

variable "endpoint" {
  type    = string
  default = "http://127.0.0.1:8774"
}

provider "huaweicloud" {
  region                  = "eu-de"
  auth_url                = "${var.endpoint}/v3"
  domain_name             = "Default"
  project_name            = "eu-de"
  skip_check_website_type = true

  endpoints = {
    iam = var.endpoint
    bms = var.endpoint
    bss = var.endpoint
    vpc = var.endpoint
    ims = var.endpoint
    ecs = var.endpoint
    eps = var.endpoint
    evs = var.endpoint
  }
}

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

variable "image" {
  type    = string
  default = "Debian 12 for BMS"
}

# ON, OFF or REBOOT
variable "power" {
  type    = string
  default = "ON"
}

# Of root on the server.
variable "password" {
  type      = string
  sensitive = true
}

data "huaweicloud_bms_flavors" "metal" {
  availability_zone = "eu-de-01"
  vcpus             = 48
}

data "huaweicloud_images_image" "system" {
  name        = var.image
  most_recent = true
}

data "huaweicloud_vpc" "default" {
  name = "default"
}

data "huaweicloud_vpc_subnet" "default" {
  name = "default"
}

data "huaweicloud_networking_secgroup" "default" {
  name = "default"
}

data "huaweicloud_identity_users" "me" {
  name = "admin"
}

resource "huaweicloud_bms_instance" "web" {
  name              = var.name
  user_id           = data.huaweicloud_identity_users.me.users[0].id
  image_id          = data.huaweicloud_images_image.system.id
  flavor_id         = data.huaweicloud_bms_flavors.metal.flavors[0].id
  vpc_id            = data.huaweicloud_vpc.default.id
  availability_zone = "eu-de-01"
  security_groups   = [data.huaweicloud_networking_secgroup.default.id]
  admin_pass        = var.password
  power_action      = var.power
  metadata          = { role = var.role }
  tags              = var.tags

  # The provider knows prepaid servers only. Nothing is paid here; the order is one for the record.
  charging_mode = "prePaid"
  period_unit   = "month"
  period        = 1

  nics {
    subnet_id = data.huaweicloud_vpc_subnet.default.id
  }
}

data "huaweicloud_bms_instances" "named" {
  name       = huaweicloud_bms_instance.web.name
  depends_on = [huaweicloud_bms_instance.web]
}

output "address" {
  value = huaweicloud_bms_instance.web.nics[0].ip_address
}
