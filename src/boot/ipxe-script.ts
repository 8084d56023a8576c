/**
 * What iPXE is told. URLs are absolute: iPXE reads `/ipxe?mac=52:54:…` as a scheme and stops with "Operation not
 * supported"; for the same reason MAC addresses come with hyphens.
 */

/** Asked for by every machine; it leads to the script of this one, with what the firmware knows of it. */
export function toFirstScript(origin: string): string {
  const facts = 'platform=${platform}&arch=${buildarch}&serial=${serial:uristring}&uuid=${uuid}';
  return `#!ipxe\nchain ${origin}/ipxe/\${netX/mac:hexhyp}?${facts} || exit\n`;
}

/**
 * Nothing is to be done: on to the disk. In UEFI leaving iPXE goes on with the boot order; many a BIOS stops there
 * instead, so that it is told to boot the first disk.
 */
export function toDiskScript(reason: string): string {
  const lines = [
    '#!ipxe',
    `echo Ingot: ${reason}`,
    'iseq ${platform} efi && exit ||',
    'sanboot --no-describe --drive 0x80 || exit',
  ];
  return `${lines.join('\n')}\n`;
}

export interface RamdiskBoot {
  origin: string;
  sessionId: string;
  commandLine: string;
}

/** `initrd=` and `--name` belong together: the kernel of a UEFI machine finds its initrd by that name. */
export function toRamdiskScript({ origin, sessionId, commandLine }: RamdiskBoot): string {
  const file = (name: string) => `${origin}/ramdisk/${name}?session=${sessionId}`;
  return [
    '#!ipxe',
    `kernel ${file('vmlinuz')} initrd=initrd ${commandLine} || exit`,
    `initrd --name initrd ${file('initrd')} || exit`,
    'boot || exit',
    '',
  ].join('\n');
}

/** The last console= is the one that the agent writes to; the serial one can be read through the BMC. */
export function toCommandLine(origin: string, secret: string, mac: string | null): string {
  const words = [
    'console=tty0',
    'console=ttyS0,115200',
    'quiet',
    'panic=10',
    `ingot.api=${origin}`,
    `ingot.secret=${secret}`,
  ];
  return [...words, ...(mac === null ? [] : [`ingot.mac=${mac}`])].join(' ');
}
