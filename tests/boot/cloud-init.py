"""What Debian's cloud-init makes of our metadata at 169.254.169.254 and of our config drive. Prints JSON.

Arguments: the folder with cloud-init's modules, that with the files of the config drive.
"""
import json
import sys

modules, drive = sys.argv[1:]
sys.path.insert(0, modules)

from cloudinit.net import network_state  # noqa: E402
from cloudinit.sources import DataSourceConfigDrive, convert_vendordata, normalize_pubkey_data  # noqa: E402
from cloudinit.sources.helpers import ec2, openstack  # noqa: E402
from cloudinit import util  # noqa: E402

service = 'http://169.254.169.254'
macs = {'52:54:00:00:00:01': 'eth0', '52:54:00:00:00:02': 'eth1'}


def show(found):
    """As the sources OpenStack and ConfigDrive go on with it."""
    config = openstack.convert_net_json(found['networkdata'], known_macs=macs)
    interfaces = network_state.parse_net_config_data(config).iter_interfaces()
    return {
        'hostname': found['metadata']['local-hostname'],
        'id': found['metadata']['instance-id'],
        'keys': normalize_pubkey_data(found['metadata']['public_keys']),
        'user data': found['userdata'].decode(),
        'vendor data': convert_vendordata(found['vendordata']),
        'network': {it['name']: [subnet['type'] for subnet in it['subnets']] for it in interfaces},
    }


def show_no_cloud(base):
    meta, user, vendor = util.read_seeded(base, timeout=5, retries=0)
    return {
        'hostname': meta['local-hostname'],
        'keys': meta['public-keys'],
        'user data': user.decode(),
        'vendor data': vendor.decode(),
    }


meta = ec2.get_instance_metadata(timeout=5, retries=0)
found = {
    'openstack': show(openstack.MetadataReader(service, timeout=5, retries=0).read_v2()),
    'config drive': show(DataSourceConfigDrive.read_config_drive(drive)),
    'nocloud': show_no_cloud(service + '/nocloud/'),
    'nocloud on the drive': show_no_cloud('file://%s/' % drive),
    'ec2': {
        'hostname': meta['local-hostname'],
        'keys': meta['public-keys']['mine'],
        'user data': ec2.get_instance_userdata(timeout=5, retries=0).decode(),
    },
}
print(json.dumps(found))
