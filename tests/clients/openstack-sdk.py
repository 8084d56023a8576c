"""A day of openstacksdk's user against an Ingot: connects by clouds.yaml, and writes what it saw as one JSON object."""

import json

import openstack
from keystoneauth1.identity.v3 import ApplicationCredential
from keystoneauth1.session import Session

# Tags are asked for without a microversion, so that the user has to say one, as with any Nova.
cloud = openstack.connect(cloud="ingot", compute_default_microversion="2.26")
seen = {}

image = cloud.image.find_image("Debian 12 for BMS", ignore_missing=False)
seen["images"] = [one.name for one in cloud.image.images()]
flavor = cloud.compute.find_flavor("physical.m2.large", ignore_missing=False)
seen["flavors"] = [[one.name, one.vcpus, one.ram, one.disk] for one in cloud.compute.flavors()]
network = cloud.network.find_network("default", ignore_missing=False)
seen["subnets"] = [one.cidr for one in cloud.network.subnets(network_id=network.id)]
seen["zones"] = [one.name for one in cloud.compute.availability_zones()]
seen["limits"] = cloud.compute.get_limits().absolute.server_meta
seen["missing"] = cloud.compute.find_server("none")

keypair = cloud.compute.create_keypair(name="sdk")
seen["keypair"] = "PRIVATE KEY" in keypair.private_key
wish = {
    "flavor": flavor,
    "image": image,
    "network": network,
    "key_name": "sdk",
    "meta": {"role": "db"},
    "wait": True,
    "timeout": 60,
}
server = cloud.create_server("box", **wish)
seen["made"] = [server.name, server.status, server.key_name, len(cloud.get_server(server.id).addresses["default"])]
for number in range(2):
    cloud.create_server(f"spare-{number}", flavor=flavor, image=image, network=network, wait=True, timeout=60)

compute = cloud.compute
listed = lambda **query: sorted(one.name for one in compute.servers(**query))
seen["pages"] = listed(limit=1)
seen["by name"] = listed(name="spare")
seen["by pattern"] = listed(name="^b.x$")
seen["by status"] = listed(status="SHUTOFF")
seen["by flavor"] = listed(flavor=flavor.id)
seen["by image"] = listed(image=image.id)
seen["of all projects"] = listed(all_projects=True)
seen["since"] = listed(changes_since="2020-01-01T00:00:00Z")

server = compute.get_server(server.id)
server.add_tag(compute, "blue")
seen["by tags"] = listed(tags="blue")
server.fetch_tags(compute)
seen["tags"] = list(server.tags)
server.remove_tag(compute, "blue")
compute.set_server_metadata(server, owner="ops")
seen["metadata"] = compute.get_server_metadata(server).metadata
compute.update_server(server, name="boxy")

for call, status in (("stop", "SHUTOFF"), ("start", "ACTIVE")):
    getattr(compute, f"{call}_server")(server)
    seen[call] = compute.wait_for_server(server, status=status, interval=0.2, wait=60).status
compute.reboot_server(server, "HARD")
server = compute.get_server(server.id)
seen["reboot"] = [server.status, compute.wait_for_server(server, interval=0.2, wait=60).status]

volume = cloud.create_volume(10, name="data", wait=True)
cloud.attach_volume(server, volume, wait=True)
seen["volume"] = [one.device for one in compute.volume_attachments(server)]
cloud.detach_volume(server, volume, wait=True)
cloud.delete_volume(volume.id, wait=True)
seen["interfaces"] = [one.port_state for one in compute.server_interfaces(server)]

port = cloud.network.create_port(network_id=network.id, name="door")
seen["port"] = cloud.network.get_port(port.id).status
cloud.network.delete_port(port)

me = cloud.current_user_id
credential = cloud.identity.create_application_credential(me, name="sdk")
login = ApplicationCredential(
    cloud.config.get_auth_args()["auth_url"],
    application_credential_id=credential.id,
    application_credential_secret=credential.secret,
)
other = openstack.connection.Connection(session=Session(auth=login), region_name="eu-de")
seen["by application credential"] = sorted(one.name for one in other.compute.servers())
cloud.identity.delete_application_credential(me, credential)
seen["projects"] = [one.name for one in cloud.identity.projects()]

for one in list(compute.servers()):
    cloud.delete_server(one.id, wait=True, timeout=60)
seen["at last"] = listed()
compute.delete_keypair("sdk")
print(json.dumps(seen))
