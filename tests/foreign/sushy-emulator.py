"""OpenStack's sushy-emulator with its fake systems, on a port of its own choice, and a door past it to the machines.

Its argument is JSON: systems (a number), lag (seconds, at most, until a power command shows), account (or null),
certificate and key (paths, or null), folder. It prints the port when it listens.
"""
import json
import os
import sys

import bcrypt

settings = json.loads(sys.argv[1])

from sushy_tools.emulator import main  # noqa: E402
from sushy_tools.emulator.resources.systems import fakedriver  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402


class Lag:
    """In place of one to eleven seconds by chance."""

    @staticmethod
    def randint(_least, _most):
        return settings['lag']


fakedriver.random = Lag
commands = {}
set_power_state = fakedriver.FakeDriver.set_power_state


def count(driver, identity, state):
    commands[identity] = commands.get(identity, 0) + 1
    return set_power_state(driver, identity, state)


fakedriver.FakeDriver.set_power_state = count


def make_system(number):
    uuid = '00000000-0000-4000-8000-%012x' % number
    return {
        'uuid': uuid,
        'name': 'machine-%d' % number,
        'power_state': 'Off',
        'external_notifier': False,
        'nics': [{'mac': '02:00:5E:00:01:%02X' % number, 'ip': '192.0.2.9'}],
    }


config = {
    'SUSHY_EMULATOR_FAKE_DRIVER': True,
    'SUSHY_EMULATOR_FAKE_SYSTEMS': [make_system(number) for number in range(settings['systems'])],
    'SUSHY_EMULATOR_STATE_DIR': settings['folder'],
}
if settings['account']:
    name, password = settings['account']
    accounts = os.path.join(settings['folder'], 'accounts')
    with open(accounts, 'w') as file:
        file.write('%s:%s\n' % (name, bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()))
    config['SUSHY_EMULATOR_AUTH_FILE'] = accounts
main.app.configure(extra_config=config)
redfish = main.app.wsgi_app


def door(environment, start_response):
    path = environment['PATH_INFO']
    if not path.startswith('/truth/'):
        return redfish(environment, start_response)
    system = main.app.systems._get(path[len('/truth/'):])
    truth = {
        'power': system['power_state'],
        'commands': commands.get(system['uuid'], 0),
        'boot': system.get('boot_device'),
        'image': (system.get('boot_image') or {}).get('Cd'),
    }
    start_response('200 OK', [('content-type', 'application/json')])
    return [json.dumps(truth).encode()]


main.app.wsgi_app = door
tls = (settings['certificate'], settings['key']) if settings['certificate'] else None
server = make_server('127.0.0.1', 0, main.app, threaded=True, ssl_context=tls)
print(server.server_port, flush=True)
server.serve_forever()
