/** What happened to the machine, as its BMC remembers it; the oldest entries make room. */
import { toHealth } from '../../machine/climate.ts';
import type { Machine } from '../../machine/machine.ts';

export interface LogEntry {
  id: string;
  /** ISO 8601. */
  at: string;
  severity: 'OK' | 'Warning' | 'Critical';
  message: string;
}

const mostEntries = 500;

export class EventLog {
  #entries: LogEntry[] = [];
  #count = 0;

  constructor(machine: Machine) {
    machine.on('power', (power) => this.add('OK', `The machine was powered ${power}.`));
    machine.on('started', (device) => this.add('OK', `The machine starts from: ${device}.`));
    machine.on('celsius', (celsius) =>
      this.add(toHealth(celsius), `The processor is at ${celsius} degrees Celsius.`),
    );
    machine.on('crashed', (words) => this.add('Critical', `The machine stopped by itself: ${words}`));
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(severity: LogEntry['severity'], message: string): void {
    this.#count += 1;
    this.#entries.push({ id: String(this.#count), at: new Date().toISOString(), severity, message });
    if (this.#entries.length > mostEntries) this.#entries.shift();
  }

  clear(): void {
    this.#entries = [];
  }
}
