/**
 * What iPXE is told. URLs are absolute: iPXE reads `/ipxe?mac=52:54:…` as a scheme and stops with "Operation not
 * supported"; for the same reason MAC addresses come with hyphens.
 */

/**
 * Tries and pauses in seconds: longer than Ingot takes to be started again, and shorter than the patience with a machine
 * (INGOT_BOOT_PATIENCE_SECONDS). A machine that gave up would have to be switched off and on for another try.
 */
const tries = 30;
const pauseSeconds = 2;

/** Lines that come back to a label, unless it was tried often enough: then iPXE is left. */
function tryAgain(label: string, counter: string): string[] {
  return [
    `inc ${counter}`,
    `iseq \${${counter}} ${tries} && exit ||`,
    `sleep ${pauseSeconds}`,
    `goto ${label}`,
  ];
}

/** Asked for by every machine; it leads to the script of this one, with what the firmware knows of it. */
export function toFirstScript(origin: string): string {
  const facts = 'platform=${platform}&arch=${buildarch}&serial=${serial:uristring}&uuid=${uuid}';
  return toScript([
    'set asked:int32 0',
    ':ask',
    `chain ${origin}/ipxe/\${netX/mac:hexhyp}?${facts} && exit ||`,
    ...tryAgain('ask', 'asked'),
  ]);
}

/**
 * Nothing is to be done: on to the disk. In UEFI leaving iPXE goes on with the boot order; many a BIOS stops there
 * instead, so that it is told to boot the first disk.
 */
export function toDiskScript(reason: string): string {
  return toScript([
    `echo Ingot: ${reason}`,
    'iseq ${platform} efi && exit ||',
    'sanboot --no-describe --drive 0x80 || exit',
  ]);
}

export interface RamdiskBoot {
  origin: string;
  sessionId: string;
  commandLine: string;
}

/** `initrd=` and `--name` belong together: the kernel of a UEFI machine finds its initrd by that name. */
export function toRamdiskScript({ origin, sessionId, commandLine }: RamdiskBoot): string {
  const file = (name: string) => `${origin}/ramdisk/${name}?session=${sessionId}`;
  return toScript([
    'set loaded:int32 0',
    ':load',
    `kernel ${file('vmlinuz')} initrd=initrd ${commandLine} || goto again`,
    `initrd --name initrd ${file('initrd')} || goto again`,
    'boot ||',
    ':again',
    'imgfree',
    ...tryAgain('load', 'loaded'),
  ]);
}

function toScript(lines: readonly string[]): string {
  return `${['#!ipxe', ...lines].join('\n')}\n`;
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
