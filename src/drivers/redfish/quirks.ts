/**
 * What certain BMCs need beyond the common rules, keyed by what the service root says of itself. Only rows whose
 * behaviour is implemented; most differences between vendors are met by reading what the machine offers.
 */
import { toRecord, toText, type Json } from './fields.ts';

export interface Quirks {
  /** How long to leave it alone when it is not ready and names no time itself, in milliseconds. */
  notReadyMs?: number;
}

interface Row {
  /** Matched against the root's Vendor, its Oem keys and its Product. */
  vendor: RegExp;
  /** The models on which it was seen. */
  model: string;
  source: string;
  quirks: Quirks;
}

export const quirkRows: readonly Row[] = [
  {
    vendor: /dell/i,
    model: 'iDRAC10',
    source: 'Launchpad bug 2162995: 409 to On right after ForceOff; Ironic tries 6 times, 10 s apart',
    quirks: { notReadyMs: 10_000 },
  },
  {
    vendor: /hpe|hewlett/i,
    model: 'iLO 5, iLO 6',
    source: 'Launchpad bug 2136275: UnableToModifyDuringSystemPOST; Ironic tries 6 times, 5 s apart',
    quirks: { notReadyMs: 5_000 },
  },
];

export function findQuirks(root: Json): Quirks {
  const names = [root['Vendor'], root['Product'], ...Object.keys(toRecord(root['Oem']))].map((name) =>
    toText(name),
  );
  const rows = quirkRows.filter(({ vendor }) => names.some((name) => name !== null && vendor.test(name)));
  return Object.assign({}, ...rows.map(({ quirks }) => quirks)) as Quirks;
}
