/**
 * The published diagram of a CloudDC instance, arrow by arrow, as ShowInstanceStatus shows it while it happens. The
 * numbers are those of the transitions in the order of the documentation, with ours behind.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { password, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  // Slow enough for every state to be seen by polling.
  cloud = await startCloud({ INGOT_SIM_STEP_MS: '150', INGOT_SIM_NODES: '16' });
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const walked = new Set<number>();
const arrows = (...numbers: number[]) => numbers.forEach((number) => walked.add(number));

/**
 * Polls C04 from before the act until nothing is under way; the distinct things seen, in order.
 *
 * @param answer lets a machine answer that was told to wait until its failure can be watched
 */
async function watch(
  id: string,
  act?: () => Promise<Reply>,
  answer?: () => Promise<void>,
): Promise<string[]> {
  const seen: string[] = [];
  const look = async () => {
    const { state, operation_state: operation } = await dc.status(id);
    const words = `${state} ${operation}`;
    if (seen.at(-1) !== words) seen.push(words);
  };
  await look();
  const reply = await act?.();
  expect(reply?.status ?? 0).toBeLessThan(300);
  await look();
  await answer?.();
  await cloud.until(
    async () => {
      const isBusy = await dc.isBusy(id);
      await look();
      return isBusy;
    },
    (isBusy) => !isBusy,
  );
  return seen;
}

const powerOf = async (action: string, id: string) =>
  dc.power(action, [(await dc.instance(id)).server_id as string]);
const changeAddress = (id: string) =>
  cloud.call('PUT', `/v1/{p}/instances/${id}/ip`, { nics: [{ subnet_id: dc.network.id }] });
const remove = (id: string) => cloud.call('DELETE', `/v1/{p}/instances/${id}`);
const reinstall = (id: string, imageId?: string) =>
  cloud.call('PUT', '/v1/{p}/instances/reinstall', {
    password,
    instance_id_set: [id],
    ...(imageId ? { image_id: imageId } : {}),
  });
const changePassword = (id: string) =>
  cloud.call('PUT', '/v1/{p}/instances/password', { new_password: 'simple', instance_id_set: [id] });

it('CreateInstance leads through pending to running', async () => {
  arrows(1, 2);
  const id = await dc.create();
  expect(await watch(id)).toEqual(['pending install-processing', 'running install-succeed']);
});

it('a failed CreateInstance leads to error, and a reinstall to pending and running', async () => {
  arrows(3, 20, 9);
  const serverId = await dc.takeIdle();
  const answer = await dc.breakNextSlowly(serverId, 'create');
  const id = await dc.create({ placement: { server_id: serverId } });
  expect(await watch(id, undefined, answer)).toEqual(['pending install-processing', 'error install-failed']);
  expect((await dc.status(id)).error).toEqual({
    error_code: 'CloudDC.0501',
    error_msg: expect.stringContaining('refused'),
    error_type: 'install',
  });

  const retry = await watch(id, () => reinstall(id));
  expect(retry).toEqual([
    'error install-failed',
    'pending reinstall-processing',
    'running reinstall-succeed',
  ]);
  expect(await dc.status(id)).not.toHaveProperty('error');
});

it('DeleteInstance ends what is pending', async () => {
  arrows(4);
  const id = await dc.create();
  const seen = await watch(id, () => remove(id));
  expect(seen).toEqual([
    'pending install-processing',
    'shutting-down uninstall-processing',
    'terminated uninstall-succeed',
  ]);
});

it('PowerOff and PowerOn lead to stopped and back, and leave operation_state alone', async () => {
  arrows(5, 6);
  const id = await dc.running();
  const serverId = (await dc.instance(id)).server_id;
  const off = await watch(id, () => powerOf('power off', id));
  expect(off).toEqual(['running install-succeed', 'stopped install-succeed']);
  expect(await dc.machine(serverId)).toMatchObject({
    power_state: 'off',
    operation_state: 'power-off-succeed',
  });

  const on = await watch(id, () => powerOf('power on', id));
  expect(on).toEqual(['stopped install-succeed', 'running install-succeed']);
  expect(await dc.machine(serverId)).toMatchObject({
    power_state: 'on',
    operation_state: 'power-on-succeed',
  });
});

it('PowerReboot is seen as running, stopped, running', async () => {
  arrows(5, 6);
  const id = await dc.running();
  const seen = await watch(id, () => powerOf('rebooting', id));
  expect(seen).toEqual(['running install-succeed', 'stopped install-succeed', 'running install-succeed']);
});

it('ChangePassword moves neither a stopped nor a running instance', async () => {
  arrows(7, 16);
  const stopped = await dc.stopped();
  expect(await watch(stopped, () => changePassword(stopped))).toEqual(['stopped install-succeed']);
  const running = await dc.running();
  expect(await watch(running, () => changePassword(running))).toEqual(['running install-succeed']);
});

it('ModifyInstanceIp moves neither a running nor a stopped instance', async () => {
  arrows(17);
  for (const [id, state] of [
    [await dc.running(), 'running'],
    [await dc.stopped(), 'stopped'],
  ] as const) {
    expect(await watch(id, () => changeAddress(id))).toEqual([
      `${state} install-succeed`,
      `${state} modify-ip-succeed`,
    ]);
  }
});

it('ReinstallOs leads from running through pending to running', async () => {
  arrows(14, 15);
  const id = await dc.running();
  expect(await watch(id, () => reinstall(id))).toEqual([
    'running install-succeed',
    'pending reinstall-processing',
    'running reinstall-succeed',
  ]);
  const [, other] = dc.images;
  expect(await watch(id, () => reinstall(id, other))).toEqual([
    'running reinstall-succeed',
    'pending switch-install-processing',
    'running switch-install-succeed',
  ]);
  expect((await dc.instance(id)).image.id).toBe(other);
});

it('Provision leads from stopped to running, or to error when it fails', async () => {
  arrows(19, 6, 8, 15);
  const id = await dc.stopped();
  expect(await watch(id, () => reinstall(id))).toEqual([
    'stopped install-succeed',
    'pending reinstall-processing',
    'running reinstall-succeed',
  ]);

  const { server_id: serverId } = await dc.instance(id);
  await powerOf('power off', id);
  await dc.rest(id);
  const answer = await dc.breakNextSlowly(serverId, 'reinstall-os');
  expect(await watch(id, () => reinstall(id, dc.images[1]), answer)).toEqual([
    'stopped reinstall-succeed',
    'pending switch-install-processing',
    'error switch-install-failed',
  ]);
  expect((await dc.status(id)).error.error_type).toBe('switch-install');
});

it('DeleteInstance leads from stopped through shutting-down to terminated', async () => {
  arrows(10, 13);
  const id = await dc.stopped();
  expect(await watch(id, () => remove(id))).toEqual([
    'stopped install-succeed',
    'shutting-down uninstall-processing',
    'terminated uninstall-succeed',
  ]);
});

it('a failed DeleteInstance leads to error, and a retry to terminated', async () => {
  arrows(12, 11, 13);
  const id = await dc.stopped();
  const answer = await dc.breakNextSlowly((await dc.instance(id)).server_id, 'delete');
  expect(await watch(id, () => remove(id), answer)).toEqual([
    'stopped install-succeed',
    'shutting-down uninstall-processing',
    'error uninstall-failed',
  ]);
  expect((await dc.status(id)).error).toMatchObject({ error_type: 'uninstall' });

  expect(await watch(id, () => remove(id))).toEqual([
    'error uninstall-failed',
    'shutting-down uninstall-processing',
    'terminated uninstall-succeed',
  ]);
  expect(await dc.status(id)).toEqual({ state: 'terminated', operation_state: 'uninstall-succeed' });
});

it('DeleteInstance is refused on running: the diagram has no such arrow', async () => {
  arrows(18);
  const id = await dc.running();
  expect(await remove(id)).toMatchObject({
    status: 400,
    body: {
      error_code: 'CloudDC.0002',
      error_msg: `The instance ${id} is running; delete needs pending or stopped or error.`,
    },
  });
  expect(await watch(id)).toEqual(['running install-succeed']);
});

it('every arrow was walked', () => {
  const all = Array.from({ length: 20 }, (_, at) => at + 1);
  expect([...walked].sort((a, b) => a - b)).toEqual(all);
});
