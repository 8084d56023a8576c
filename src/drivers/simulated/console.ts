/**
 * The console of a simulated machine follows what the machine really is: power makes it boot and go silent, what was
 * installed says its name, and whoever logs in may reboot it or switch it off from within. Any name and password do.
 */
import type { Node } from '../../core/node.ts';
import type { SerialConsole } from '../../core/ports.ts';
import type { SimulatedMachine } from '../../core/simulation.ts';

export interface SimulatedConsoleRoom {
  node: Node;
  /** How the machine stands just now; null when it is gone. */
  look: () => Promise<SimulatedMachine | null>;
  /** The system switches the machine off. */
  powerOff: () => Promise<void>;
  onClosed: () => void;
}

/** How often the machine is looked at while somebody watches, in milliseconds. */
const lookEveryMs = 200;
const mostLine = 256;

type Mode = 'silent' | 'login' | 'password' | 'shell';

export async function openSimulatedConsole(room: SimulatedConsoleRoom): Promise<SerialConsole> {
  const console = new SimulatedConsole(room);
  await console.start();
  return console;
}

/** What a machine has written when it stands so. */
export function toConsoleLog(node: Node, machine: SimulatedMachine): string {
  if (machine.power === 'on') return bootLog(node, machine);
  return machine.powerChanges === 0 ? '' : `${bootLog(node, machine)}\r\n${powerDown}`;
}

const powerDown = '[  OK  ] Reached target poweroff.target - System Power Off.\r\nreboot: Power down\r\n';

function bootLog({ name, inventory }: Node, { hostname, bootDevice }: SimulatedMachine): string {
  const lines = [
    `Simulated BIOS, ${inventory?.model ?? 'simulated machine'} ${name}`,
    `CPU: ${inventory?.cpuCores ?? 0} cores  Memory: ${inventory?.memoryMib ?? 0} MiB  Disks: ${inventory?.disks.length ?? 0}`,
    `Boot device: ${bootDevice}`,
  ];
  if (hostname === null) return [...lines, 'No bootable device.', ''].join('\r\n');
  return [
    ...lines,
    '[    0.000000] Linux version 6.1.0-simulated (ingot) #1 SMP',
    '[    0.000000] Command line: root=/dev/sda1 ro console=ttyS0,115200n8',
    '[    1.204112] EXT4-fs (sda1): mounted filesystem with ordered data mode',
    `[    2.318840] systemd[1]: Hostname set to <${hostname}>.`,
    '[  OK  ] Reached target network-online.target - Network is Online.',
    '[  OK  ] Reached target multi-user.target - Multi-User System.',
    '',
    `${hostname} ttyS0`,
    '',
    `${hostname} login: `,
  ].join('\r\n');
}

class SimulatedConsole implements SerialConsole {
  readonly #room: SimulatedConsoleRoom;
  #machine: SimulatedMachine | null = null;
  #mode: Mode = 'silent';
  #user = '';
  #line = '';
  #wasReturn = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #closedBecause = '';
  #early: Uint8Array[] = [];
  #onData: ((bytes: Uint8Array) => void) | null = null;
  #onClose: ((reason: string) => void) | null = null;

  constructor(room: SimulatedConsoleRoom) {
    this.#room = room;
  }

  async start(): Promise<void> {
    await this.#follow();
    this.#schedule();
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#mode === 'silent') return;
    for (const sign of Buffer.from(bytes).toString('utf8')) this.#take(sign);
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#onData = listener;
    for (const bytes of this.#early.splice(0)) listener(bytes);
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
    if (this.#isClosed) listener(this.#closedBecause);
  }

  close(): void {
    this.#end('The console was closed');
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closedBecause = reason;
    clearTimeout(this.#timer);
    this.#room.onClosed();
    this.#onClose?.(reason);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#follow()
        .catch(() => this.#end('The simulated machine cannot be seen any more'))
        .finally(() => this.#schedule());
    }, lookEveryMs);
  }

  /** Says what changed since it was last looked at. */
  async #follow(): Promise<void> {
    const machine = await this.#room.look();
    if (this.#isClosed) return;
    if (!machine) return this.#end('There is no such simulated machine any more');
    const before = this.#machine;
    this.#machine = machine;
    const isNew = before === null || before.hostname !== machine.hostname;
    if (machine.power === 'on' && (before?.power !== 'on' || isNew)) this.#boot(machine);
    if (machine.power === 'off' && before?.power === 'on') {
      this.#mode = 'silent';
      this.#say(`\r\n${powerDown}`);
    }
  }

  #boot(machine: SimulatedMachine): void {
    this.#line = '';
    this.#mode = machine.hostname === null ? 'silent' : 'login';
    this.#say(bootLog(this.#room.node, machine));
  }

  #say(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#onData) this.#onData(bytes);
    else this.#early.push(bytes);
  }

  /** One sign of what is typed, as a terminal in its ordinary mode takes it. */
  #take(sign: string): void {
    const isLineFeedOfReturn = sign === '\n' && this.#wasReturn;
    this.#wasReturn = sign === '\r';
    if (isLineFeedOfReturn) return;
    if (sign === '\r' || sign === '\n') {
      const line = this.#line;
      this.#line = '';
      this.#say('\r\n');
      return this.#enter(line.trim());
    }
    if (sign === '\u007f' || sign === '\b') return this.#rubOut();
    if (sign === '\u0003') {
      this.#line = '';
      this.#say('^C\r\n');
      return this.#prompt();
    }
    if (sign < ' ' || this.#line.length >= mostLine) return;
    this.#line += sign;
    if (this.#mode !== 'password') this.#say(sign);
  }

  #rubOut(): void {
    if (this.#line === '') return;
    this.#line = this.#line.slice(0, -1);
    if (this.#mode !== 'password') this.#say('\b \b');
  }

  #enter(line: string): void {
    switch (this.#mode) {
      case 'login':
        if (line === '') return this.#prompt();
        this.#user = line;
        this.#mode = 'password';
        return this.#prompt();
      case 'password':
        this.#mode = 'shell';
        this.#say('This machine is simulated; `help` lists what it can do.\r\n');
        return this.#prompt();
      case 'shell':
        return this.#run(line);
      case 'silent':
    }
  }

  #prompt(): void {
    const host = this.#machine?.hostname ?? '';
    const prompts = {
      silent: '',
      login: `${host} login: `,
      password: 'Password: ',
      shell: `${this.#user}@${host}:~${this.#user === 'root' ? '#' : '$'} `,
    };
    this.#say(prompts[this.#mode]);
  }

  #run(line: string): void {
    const [command = '', ...words] = line.split(/\s+/);
    const replies: Record<string, () => string> = {
      '': () => '',
      help: () => 'echo exit help hostname poweroff reboot uname whoami',
      hostname: () => this.#machine?.hostname ?? '',
      uname: () => 'Linux',
      whoami: () => this.#user,
      echo: () => words.join(' '),
    };
    if (command === 'exit' || command === 'logout') this.#mode = 'login';
    else if (command === 'reboot') return this.#reboot();
    else if (command === 'poweroff' || command === 'shutdown' || command === 'halt') return this.#powerOff();
    else {
      const reply = Object.hasOwn(replies, command) ? replies[command]!() : `${command}: command not found`;
      if (reply !== '') this.#say(`${reply}\r\n`);
    }
    this.#prompt();
  }

  /** From within: the power stays on all the while, and no BMC learns of it. */
  #reboot(): void {
    this.#say('[  OK  ] Reached target reboot.target - System Reboot.\r\nreboot: Restarting system\r\n');
    if (this.#machine) this.#boot(this.#machine);
  }

  #powerOff(): void {
    this.#mode = 'silent';
    this.#say('The system will power off now!\r\n');
    this.#room.powerOff().catch(() => this.#end('The simulated machine cannot be seen any more'));
  }
}
