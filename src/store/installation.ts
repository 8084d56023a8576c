/** Whether this process holds the key with which the installation's secrets are sealed. */
import { sql } from 'kysely';
import type { Sql } from './database.ts';
import { createVault, type Vault } from './vault.ts';

const proof = 'ingot';

/**
 * The first process seals a proof with its key; the others see by it whether theirs is the same. One with another key
 * may serve the APIs and simulated machines, but leaves real BMCs to those that can open their passwords.
 */
export async function openVault(db: Sql, keys: readonly Buffer[]): Promise<Vault> {
  const sealed = createVault(keys).seal(proof);
  await sql`insert into installation (key_proof) values (${sealed}) on conflict do nothing`.execute(db);
  const { rows } = await sql<{ key_proof: Buffer }>`select key_proof from installation`.execute(db);
  return createVault(keys, canOpen(createVault(keys), rows[0]!.key_proof));
}

function canOpen(vault: Vault, sealed: Buffer): boolean {
  try {
    return vault.open(sealed) === proof;
  } catch {
    return false;
  }
}
