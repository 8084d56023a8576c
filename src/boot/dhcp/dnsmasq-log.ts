/** What dnsmasq says line by line (log-dhcp), as signs of machines. */
export interface Heard {
  is: 'firmware' | 'ramdisk' | 'system' | 'tftp';
  /** Of the network card; null with `tftp`, which knows addresses only. */
  mac: string | null;
  address: string;
  evidence: string;
}

/** Tells itself to DHCP, by option 60. */
const ramdiskClass = 'ingot-ramdisk';

const mostTransactions = 1_000;

/** @returns a function that takes a line and returns what was heard, if anything */
export function createDnsmasqEar(): (line: string) => Heard | null {
  // Options come in lines of their own before the answer; what belongs together has the same transaction id.
  const classes = new Map<string, { vendor: string; user: string }>();

  return (line) => {
    const sent = /dnsmasq-tftp(?:\[\d+\])?: sent \S*\/(\S+) to ([\d.]+)/.exec(line);
    if (sent) {
      const [, file, address] = sent;
      return { is: 'tftp', mac: null, address: address!, evidence: `${file} sent by TFTP to ${address}` };
    }
    const told = /dnsmasq-dhcp(?:\[\d+\])?: (\d+) (vendor|user) class: (.*)$/.exec(line);
    if (told) {
      if (classes.size > mostTransactions) classes.clear();
      const [, id, which, name] = told;
      const known = classes.get(id!) ?? { vendor: '', user: '' };
      classes.set(id!, { ...known, [which!]: name!.trim() });
      return null;
    }
    const leased = /dnsmasq-dhcp(?:\[\d+\])?: (\d+) DHCPACK\(\S+\) ([\d.]+) ([0-9a-f:]{17})/.exec(line);
    if (!leased) return null;
    const [, id, address, mac] = leased;
    const { vendor, user } = classes.get(id!) ?? { vendor: '', user: '' };
    classes.delete(id!);
    const who = whoIs(vendor);
    const name = [vendor, user].filter((word) => word !== '').join(', ') || 'a system without a name';
    return { is: who, mac: mac!, address: address!, evidence: `${address} leased to ${mac} (${name})` };
  };
}

function whoIs(vendor: string): 'firmware' | 'ramdisk' | 'system' {
  if (vendor.startsWith('PXEClient') || vendor.startsWith('HTTPClient')) return 'firmware';
  return vendor === ramdiskClass ? 'ramdisk' : 'system';
}
