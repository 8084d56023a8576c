/** Somebody who rents servers, over the published APIs. */
import { createReadStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Answer } from '../../src/cli/client.ts';
import type { LabIngot } from '../cloud/ingot.ts';
import type { LabImage } from '../image/lab-image.ts';
import { until } from './story.ts';

export interface Wish {
  name: string;
  imageId: string;
  /** BMS v1 takes one of the two; with a key the password can stand in the user data. */
  login: { keyName: string; userData: string } | { password: string };
}

const zone = 'eu-de-01';
const flavor = 'physical.m2.large';

export class Tenant {
  readonly #ingot: LabIngot;
  readonly #projectId: string;

  constructor(ingot: LabIngot) {
    this.#ingot = ingot;
    const key = JSON.parse(readFileSync(join(ingot.folder, 'access-key.json'), 'utf8')) as Answer;
    this.#projectId = key['project_id'] as string;
  }

  /** @param path with `{p}` where the project belongs */
  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#ingot.client.ask(method, path.replace('{p}', this.#projectId), body);
  }

  /** Registers an image and sends its bytes. @returns its id, when it can be used */
  async upload({ name, file }: LabImage): Promise<string> {
    const { id } = await this.ask('POST', '/image/v2/images', {
      name,
      disk_format: 'raw',
      container_format: 'bare',
      min_disk: 1,
    });
    const { size } = await stat(file);
    const response = await fetch(`${this.#ingot.origin}/image/v2/images/${id}/file`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'x-auth-token': await this.#ingot.logIn(),
      },
      body: Readable.toWeb(createReadStream(file)) as ReadableStream,
      duplex: 'half',
    });
    if (!response.ok) throw new Error(`the image was answered ${response.status}: ${await response.text()}`);
    await until(
      `image ${name} to be active`,
      60,
      () => this.ask('GET', `/image/v2/images/${id}`),
      ({ status }) => status === 'active',
    );
    return id as string;
  }

  async importKey(name: string, publicKey: string): Promise<void> {
    await this.ask('POST', '/v2.1/{p}/os-keypairs', { keypair: { name, public_key: publicKey } });
  }

  /** @returns the job */
  async create({ name, imageId, login }: Wish): Promise<string> {
    const { subnets } = await this.ask('GET', '/v1/{p}/subnets');
    const { job_id } = await this.ask('POST', '/v1/{p}/baremetalservers', {
      server: {
        name,
        imageRef: imageId,
        flavorRef: flavor,
        availability_zone: zone,
        vpcid: subnets[0].vpc_id,
        nics: [{ subnet_id: subnets[0].id }],
        ...('password' in login
          ? { adminPass: login.password }
          : { key_name: login.keyName, user_data: Buffer.from(login.userData).toString('base64') }),
        extendparam: { chargingMode: 'postPaid' },
      },
    });
    return job_id as string;
  }

  /** Another system in place of the one that is there. @returns the job */
  async changeSystem(serverId: string, imageId: string, password: string): Promise<string> {
    const { jobId, job_id } = await this.ask('POST', `/v1/{p}/baremetalservers/${serverId}/changeos`, {
      'os-change': { imageid: imageId, adminpass: password },
    });
    return (jobId ?? job_id) as string;
  }

  /** @param action as in the API: `os-start`, `os-stop`, `reboot` @returns the job */
  async act(action: string, serverId: string): Promise<string> {
    const servers = { servers: [{ id: serverId }] };
    const body = { [action]: action === 'os-start' ? servers : { type: 'HARD', ...servers } };
    return (await this.ask('POST', '/v1/{p}/baremetalservers/action', body))['job_id'] as string;
  }

  async delete(serverId: string): Promise<string> {
    return (await this.ask('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id: serverId }] }))[
      'job_id'
    ] as string;
  }

  /** The job when it has ended, well or badly. Ingot may be away meanwhile. */
  jobEnd(jobId: string, patienceSeconds: number): Promise<Answer> {
    return until(
      `job ${jobId} to end`,
      patienceSeconds,
      () =>
        this.ask('GET', `/v1/{p}/jobs/${jobId}`).catch((error: Error) => ({
          status: `unknown: ${error.message}`,
        })),
      ({ status }: Answer) => status === 'SUCCESS' || status === 'FAIL',
    );
  }

  /** The server that a job is about, which is known as soon as it was accepted. */
  async serverOf(jobId: string): Promise<string> {
    const { entities } = await this.ask('GET', `/v1/{p}/jobs/${jobId}`);
    // Jobs of operations that take one server only have no parts.
    return (entities.server_id ?? entities.sub_jobs[0].entities.server_id) as string;
  }

  /** Where it stands, for those who wonder. */
  why(serverId: string): Promise<Answer> {
    return this.ask('GET', `/admin/v1/servers/${serverId}/why`);
  }

  /** What the boots of its machine told, in order. */
  async signs(serverId: string): Promise<{ sign: string; detail: string }[]> {
    const { boots } = await this.ask('GET', `/admin/v1/servers/${serverId}/timeline`);
    return (boots as Answer[]).flatMap(({ signs }) => signs as { sign: string; detail: string }[]);
  }

  show(serverId: string): Promise<Answer> {
    return this.ask('GET', `/v1/{p}/baremetalservers/${serverId}`).then(({ server }) => server as Answer);
  }

  async node(name: string): Promise<Answer> {
    const { nodes } = await this.ask('GET', `/admin/v1/nodes?name=${name}`);
    return nodes[0] as Answer;
  }
}
