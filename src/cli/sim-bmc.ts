/** `ingot sim-bmc`: simulated BMCs as real Redfish servers, to try a driver or a whole Ingot against. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { makeCertificate } from '../bmc-simulator/certificate.ts';
import { startFleet, type Fleet } from '../bmc-simulator/fleet.ts';
import {
  isPersonality,
  personalities,
  personalityNames,
  type PersonalityName,
} from '../bmc-simulator/personalities.ts';
import { isQuirk, quirkNames, quirks, type QuirkName } from '../bmc-simulator/quirks.ts';
import { readTree, toReplay } from '../bmc-simulator/replay.ts';
import { toTable } from './output.ts';

type Given = Record<
  | 'personality'
  | 'count'
  | 'seed'
  | 'host'
  | 'port'
  | 'control'
  | 'power'
  | 'dead'
  | 'timeFactor'
  | 'username'
  | 'password',
  string
> &
  Partial<Record<'fleetFile' | 'latency' | 'sessions' | 'tree', string>> &
  Partial<Record<'spread' | 'http' | 'withParent' | 'list', true>> & { quirk: string[]; without: string[] };

const several = (word: string, before: string[]) => [...before, ...word.split(',')];

export function addSimBmcCommand(program: Command): void {
  program
    .command('sim-bmc')
    .description('Play BMCs: real Redfish servers with the habits of a vendor, thousands in one process.')
    .option(
      '--personality <names>',
      `${personalityNames.join(', ')}; several by commas are played in turns; mix is all of them`,
      'lawful',
    )
    .option('--tree <path>', 'play this recording of `ingot record`, or this mock-up folder of DMTF')
    .option('--count <n>', 'how many', '1')
    .option('--seed <n>', 'of everything that happens by chance', '1')
    .option('--quirk <names>', 'habits to add, by commas (--list names them)', several, [])
    .option('--without <names>', 'habits to take away', several, [])
    .option('--list', 'name all personalities and habits, and where they were seen')
    .option('--host <address>', 'address of the first', '127.0.0.1')
    .option('--port <n>', 'port of the first; the next ones have the next ports', '20000')
    .option('--spread', 'one port for all, and for each an address of its own, counted up from --host')
    .option('--control <n>', 'port that tells what the BMCs were told; 0 takes any', '0')
    .option('--power <word>', 'whether the machines are on or off at first', 'off')
    .option('--dead <share>', 'share that accepts connections and never answers, 0 to 1', '0')
    .option('--time-factor <n>', 'factor on everything that takes time; 0.01 is for tests', '1')
    .option('--latency <ms>', 'time for an answer, in place of what the personality takes')
    .option('--sessions <n>', 'places for sessions, in place of what the personality has')
    .option('--username <name>', 'account of all of them', 'admin')
    .option('--password <word>', 'its password', 'correct horse')
    .option('--http', 'without TLS')
    .option('--fleet-file <file>', 'write a list for `ingot node add --file`')
    .option('--with-parent', 'end when standard input is closed')
    .addHelpText(
      'after',
      '\nExample:\n  ingot sim-bmc --personality idrac,ilo --count 100 --seed 7 --fleet-file fleet.yaml',
    )
    .action(play);
}

async function play(given: Given): Promise<void> {
  if (given.list) {
    console.log(listHabits());
    return;
  }
  const fleet = await startFleet({
    ...toNumbers(given),
    personalities: toPersonalities(given.personality),
    more: given.quirk.map(toQuirk),
    less: given.without.map(toQuirk),
    settings: {
      ...(given.latency === undefined
        ? {}
        : { latencyMs: toNumber('--latency', given.latency, 0, 600_000), latencySpreadMs: 0 }),
      ...(given.sessions === undefined
        ? {}
        : { maxSessions: toNumber('--sessions', given.sessions, 0, 10_000) }),
    },
    power: toPower(given.power),
    username: given.username,
    password: given.password,
    host: given.host,
    spread: given.spread ?? false,
    ...(given.tree === undefined ? {} : { replay: toReplay(readTree(given.tree)) }),
    ...(given.http ? {} : { tls: makeCertificate() }),
  });
  if (given.fleetFile !== undefined) writeFileSync(given.fleetFile, toFleetFile(fleet, given));
  const { members } = fleet;
  console.log(
    `${members.length} BMCs answer, from ${members[0]?.url} to ${members.at(-1)?.url}; control at ${fleet.controlUrl}`,
  );
  endWith(fleet, given.withParent ?? false);
}

function endWith(fleet: Fleet, withParent: boolean): void {
  const end = () => void fleet.close().then(() => process.exit(0));
  process.once('SIGTERM', end).once('SIGINT', end);
  if (withParent) process.stdin.on('end', end).on('error', end).resume();
}

function toNumbers(given: Given) {
  return {
    count: toNumber('--count', given.count, 1, 100_000),
    seed: toNumber('--seed', given.seed, 0, 2 ** 32 - 1),
    port: toNumber('--port', given.port, 0, 65_535),
    controlPort: toNumber('--control', given.control, 0, 65_535),
    dead: toNumber('--dead', given.dead, 0, 1),
    timeFactor: toNumber('--time-factor', given.timeFactor, 0, 1_000),
  };
}

function toNumber(option: string, given: string, least: number, most: number): number {
  const number = Number(given);
  if (given.trim() !== '' && number >= least && number <= most) return number;
  throw new Error(`${option} is "${given}"; it must be a number from ${least} to ${most}.`);
}

function toPower(word: string): 'on' | 'off' {
  if (word === 'on' || word === 'off') return word;
  throw new Error(`--power is "${word}"; it must be on or off.`);
}

function toPersonalities(words: string): PersonalityName[] {
  if (words === 'mix') return personalityNames;
  return words.split(',').map((word) => {
    if (isPersonality(word)) return word;
    throw new Error(`There is no personality "${word}"; there are ${personalityNames.join(', ')} and mix.`);
  });
}

function toQuirk(word: string): QuirkName {
  if (isQuirk(word)) return word;
  throw new Error(`There is no habit "${word}"; \`ingot sim-bmc --list\` names them.`);
}

function listHabits(): string {
  const who = personalityNames.map((name) => {
    const { says, quirks: own } = personalities[name];
    return { name, says, own: own.join(', ') };
  });
  const what = quirkNames.map((name) => ({ name, ...quirks[name] }));
  return [
    toTable(who, { PERSONALITY: (it) => it['name'], PLAYS: (it) => it['says'], HABITS: (it) => it['own'] }),
    toTable(what, { HABIT: (it) => it['name'], THE_BMC: (it) => it['says'], SEEN: (it) => it['source'] }),
  ].join('\n\n');
}

function toFleetFile({ members }: Fleet, { username, password }: Given): string {
  const nodes = members.map(({ url, personality, machine }) => ({
    name: `${personality}-${machine.facts.serial.toLowerCase()}`,
    driver: 'redfish',
    bmc: { address: url, username, password },
  }));
  return stringify({ nodes });
}
