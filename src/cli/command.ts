/** How every command that asks a running Ingot is made: an example in its help, and `--json`. */
import type { Command } from 'commander';
import { createClient, withQuery, type Answer, type Client } from './client.ts';
import { readCredentials } from './credentials.ts';

export interface Asked {
  client: Client;
  /** The arguments of the command line, in order. */
  words: string[];
  options: Record<string, string | undefined>;
}

/** What was answered, and how people are shown it. */
export interface Told {
  json: unknown;
  text: string;
}

/** @param words the command and its arguments: `show <node>` */
export function addCommand(
  parent: Command,
  words: string,
  facts: { does: string; example: string; options?: [flags: string, help: string, byDefault?: string][] },
  run: (asked: Asked) => Promise<Told>,
): void {
  const command = parent.command(words).description(facts.does);
  for (const [flags, help, byDefault] of facts.options ?? []) command.option(flags, help, byDefault);
  command
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', `\nExample:\n  ${facts.example.replaceAll('\n', '\n  ')}`)
    .action(async () => {
      const { json, ...options } = command.opts<Record<string, string | undefined> & { json?: boolean }>();
      const client = createClient(readCredentials(process.env));
      const told = await run({ client, words: command.args, options });
      console.log(json ? JSON.stringify(told.json, null, 2) : told.text);
    });
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** People know names; the API wants ids. @throws Error if there is none, or more than one */
export async function findId(client: Client, kind: 'node' | 'server', word: string): Promise<string> {
  const id = await findIdIfAny(client, kind, word);
  if (id === null) throw new Error(`There is no ${kind} named ${word}.`);
  return id;
}

/** @throws Error if there is more than one */
export async function findIdIfAny(
  client: Client,
  kind: 'node' | 'server',
  word: string,
): Promise<string | null> {
  if (uuid.test(word)) return word;
  const path = withQuery(`/admin/v1/${kind}s`, { name: word });
  const found = (await client.askAll(path, `${kind}s`)).filter(({ name }: Answer) => name === word);
  if (found.length > 1) throw new Error(`${found.length} ${kind}s are named ${word}; give the id.`);
  return (found[0]?.['id'] as string | undefined) ?? null;
}
