/** Tokens, users, key pairs and secrets. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { createVault } from '../../src/store/vault.ts';
import type { Store } from '../support/store.ts';

export function callers(the: () => Store): void {
  describe('a token', () => {
    let hash: Buffer;
    let userId: string;
    let accountId: string;
    let projectId: string;
    let roleId: string;
    beforeEach(async () => {
      const { tenancy } = the();
      const [account] = await tenancy.listAccounts();
      const [role] = await tenancy.listRoles({ name: 'member' });
      [accountId, roleId, projectId] = [account!.id, role!.id, the().projectId];
      hash = randomBytes(32);
      userId = randomBytes(16).toString('hex');
      const facts = { email: null, description: '', enabled: true, isRoot: false, defaultProjectId: null };
      await tenancy.createUser(
        { id: userId, accountId, name: userId, createdAt: new Date(), ...facts },
        null,
      );
      await tenancy.assign(userId, roleId, { projectId });
      await addToken(hash, { projectId });
    });

    function addToken(
      of: Buffer,
      scope: { projectId?: string; accountId?: string },
      hours = 1,
    ): Promise<void> {
      const now = Date.now();
      return the().tenancy.addToken({
        hash: of,
        userId,
        projectId: scope.projectId ?? null,
        accountId: scope.accountId ?? null,
        methods: ['password'],
        auditId: 'test',
        issuedAt: new Date(now),
        expiresAt: new Date(now + hours * 3_600_000),
      });
    }
    const find = () => the().tenancy.findCaller(hash);

    it('leads to its user, project and roles', async () => {
      expect(await find()).toMatchObject({
        user: { id: userId },
        project: { id: projectId },
        roles: [{ name: 'member' }],
        isAdmin: false,
      });
    });

    it.each<[words: string, void_: () => Promise<unknown>]>([
      ['it is revoked', () => the().tenancy.revokeToken(hash)],
      ['its user is disabled', () => the().tenancy.changeUser(userId, { enabled: false })],
      ['its user gets a new password', () => the().tenancy.changeUser(userId, { passwordHash: 'new' })],
      ['its user is removed', () => the().tenancy.removeUser(userId)],
      ['its user loses the last role', () => the().tenancy.unassign(userId, roleId, { projectId })],
      ['its project is disabled', () => the().tenancy.changeProject(projectId, { enabled: false })],
      ['its account is disabled', () => the().tenancy.changeAccount(accountId, { enabled: false })],
      [
        'its time has come',
        () => sql`update tokens set expires_at = now() where hash = ${hash}`.execute(the().database.sql),
      ],
    ])('is void when %s', async (_, makeVoid) => {
      expect(await find()).not.toBeNull();
      await makeVoid();
      expect(await find()).toBeNull();
    });

    it('stays void when its user is enabled again', async () => {
      await the().tenancy.changeUser(userId, { enabled: false });
      await the().tenancy.changeUser(userId, { enabled: true });
      expect(await find()).toBeNull();
    });

    it('without a scope needs no role, and one for a foreign account does', async () => {
      const [unscoped, foreign] = [randomBytes(32), randomBytes(32)];
      const facts = { description: '', enabled: true, createdAt: new Date() };
      await the().tenancy.createAccount({ id: 'foreign', name: 'foreign', ...facts });
      await the().tenancy.unassign(userId, roleId, { projectId });
      await addToken(unscoped, {});
      await addToken(foreign, { accountId: 'foreign' });
      expect(await the().tenancy.findCaller(unscoped)).toMatchObject({
        project: null,
        account: null,
        roles: [],
      });
      expect(await the().tenancy.findCaller(foreign)).toBeNull();
      await the().tenancy.assign(userId, roleId, { accountId: 'foreign' });
      expect(await the().tenancy.findCaller(foreign)).toMatchObject({ account: { id: 'foreign' } });
    });

    it('is removed some time after its end', async () => {
      await addToken(randomBytes(32), { projectId }, -1);
      expect(await the().tenancy.purgeExpiredTokens()).toBe(1);
      expect(await find()).not.toBeNull();
    });

    it('that changed is told to whoever remembers callers', async () => {
      let told = 0;
      const stop = await the().tenancy.onChange(() => told++);
      await the().tenancy.revokeToken(hash);
      expect(told).toBeGreaterThan(0);
      await stop();
    });
  });

  describe('names', () => {
    it('of key pairs are taken once per user', async () => {
      const keypair = {
        userId: the().userId,
        name: 'mine',
        type: 'ssh',
        publicKey: 'ssh-ed25519 A',
        fingerprint: 'a',
      };
      await the().catalog.createKeypair(keypair);
      await expect(the().catalog.createKeypair({ ...keypair, publicKey: 'other' })).rejects.toMatchObject({
        facts: { kind: 'conflict', message: "Key pair 'mine' already exists." },
      });
      expect(await the().catalog.findKeypair(the().userId, 'mine')).toMatchObject({
        publicKey: 'ssh-ed25519 A',
      });
    });

    it('of nodes, users and projects are taken once', async () => {
      const { tenancy, makeNode, makeProject } = the();
      const node = await makeNode();
      const conflict = { facts: { kind: 'conflict' } };
      await expect(makeNode({ name: node.name })).rejects.toMatchObject(conflict);
      const [first] = await tenancy.listProjects();
      await expect(tenancy.changeProject(await makeProject(), { name: first!.name })).rejects.toMatchObject(
        conflict,
      );
    });
  });

  describe('a secret', () => {
    const open = (sealed: Buffer) => the().vault.open(sealed);

    it('comes back as it was, and never looks the same twice', async () => {
      const [one, other] = [the().vault.seal('größer'), the().vault.seal('größer')];
      expect(open(one)).toBe('größer');
      expect(one.equals(other)).toBe(false);
    });

    it('that somebody changed is not opened, whichever byte it was', () => {
      const sealed = the().vault.seal('secret');
      for (const at of sealed.keys()) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= 1;
        expect(() => open(changed)).toThrow();
      }
    });

    it('that was cut short is not opened', () => {
      for (const secret of ['', 'secret']) {
        const sealed = the().vault.seal(secret);
        for (const at of sealed.keys()) expect(() => open(sealed.subarray(0, at))).toThrow();
      }
    });

    it('is not opened with another key', () => {
      const sealed = createVault([randomBytes(32)]).seal('secret');
      expect(() => open(sealed)).toThrow();
    });

    it('of a BMC is kept sealed and comes back with its node', async () => {
      const bmc = {
        address: '',
        username: 'root',
        password: 'calvin',
        system: null,
        certificateSha256: null,
      };
      const { id } = await the().makeNode({ bmc });
      expect((await the().nodes.find(id))!.bmc.password).toBe('calvin');
      const { rows } = await sql<{
        row: string;
      }>`select n::text as row from nodes n where id = ${id}`.execute(the().database.sql);
      expect(rows[0]!.row).not.toContain(Buffer.from('calvin').toString('hex'));
      expect(rows[0]!.row).not.toContain('calvin');
    });
  });
}
