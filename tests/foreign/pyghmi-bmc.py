"""A machine behind pyghmi's BMC, with what that leaves to its user: power, boot device, and the far end of the console.

Its argument is JSON: account, port. It prints a line when it listens. Each line on standard input is JSON: with `say` the
machine writes that to its console; the answer, one line, is what is true of the machine.
"""
import collections
import json
import sys
import threading

import pyghmi.ipmi.bmc as bmc
import pyghmi.ipmi.private.session as session

settings = json.loads(sys.argv[1])


class Machine(bmc.Bmc):
    power = 'off'
    boot = 'default'
    power_commands = 0

    def get_power_state(self):
        return self.power

    def take(self, power):
        self.power = power
        self.power_commands += 1

    def power_on(self):
        self.take('on')

    def power_off(self):
        self.take('off')

    def get_boot_device(self):
        return self.boot

    def set_boot_device(self, device):
        self.boot = device

    def cold_reset(self):
        return 0

    def is_active(self):
        return self.power == 'on'

    def iohandler(self, typed):
        if isinstance(typed, bytes) and self.sol:
            self.sol.send_data(b'[' + typed + b']')


said = collections.deque()


def answer():
    for line in sys.stdin:
        asked = json.loads(line)
        if 'say' in asked:
            said.append(asked['say'].encode())
        if 'power' in asked:
            machine.power = asked['power']
        truth = {'power': machine.power, 'commands': machine.power_commands, 'boot': machine.boot}
        print(json.dumps(truth), flush=True)


name, password = settings['account']
machine = Machine({name: password}, port=settings['port'], address='127.0.0.1')
threading.Thread(target=answer, daemon=True).start()
print('listening', flush=True)
while True:
    # pyghmi is not made for two threads, so that what the machine says is sent from this one.
    session.Session.wait_for_rsp(0.05)
    while said and machine.sol:
        machine.sol.send_data(said.popleft())
