/** The unmodified core of Huawei Cloud's SDK for Node, which signs with the access key of the first start. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
// What generated clients are built on.
import type { ICredential } from '@huaweicloud/huaweicloud-sdk-core/auth/ICredential.js';
import { ClientBuilder } from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js';
import type { SdkResponse } from '@huaweicloud/huaweicloud-sdk-core/SdkResponse.js';
import type { HcClient, HttpRequestOptions } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

interface Credential {
  access: string;
  secret: string;
  project_id: string;
}

let cloud: Cloud;
let key: Credential;
let client: HcClient;
let server: string;

beforeAll(async () => {
  // It would print every refusal with all its surroundings.
  Logger4jInstance.level = 'off';
  cloud = await startCloud();
  [server] = (await cloud.makeServers(1, 'signed')) as [string];
  key = JSON.parse(await readFile(join(cloud.ingot.folder, 'access-key.json'), 'utf8')) as Credential;
  client = connect(toCredentials());
});
afterAll(() => cloud.close());

const toCredentials = (change: Partial<BasicCredentials> = {}) =>
  new BasicCredentials({ ak: key.access, sk: key.secret, projectId: key.project_id, ...change });

function connect(credential: ICredential): HcClient {
  return new ClientBuilder((hcClient) => hcClient, 'BasicCredentials,GlobalCredentials')
    .withCredential(credential)
    .withEndpoint(cloud.origin)
    .build();
}

type Wish = Partial<HttpRequestOptions> & {
  /** Read by the SDK, though its types do not say so. */
  axiosRequestConfig?: { transformRequest: (data: unknown) => string };
};

/** As the generated clients ask. */
function ask(wish: Wish, by = client): Promise<Record<string, unknown>> {
  const options = {
    method: 'GET',
    url: '/v1/{project_id}/baremetalservers/detail',
    contentType: 'application/json',
    queryParams: {},
    pathParams: {},
    headers: {},
    ...wish,
  };
  return by.sendRequest<SdkResponse & Record<string, unknown>>(options);
}

const stop = {
  method: 'POST',
  url: '/v1/{project_id}/baremetalservers/action',
  data: { 'os-stop': { type: 'HARD', servers: [{ id: 'filled in by the test' }] } },
};
const refused = (why: RegExp) => ({
  httpStatusCode: 401,
  errorCode: 'APIGW.0301',
  errorMsg: expect.stringMatching(why) as unknown,
  requestId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
});
const wrong = refused(/verify aksk signature fail/);

it('lists servers', async () => {
  expect(await ask({})).toMatchObject({ httpStatusCode: 200, servers: [{ id: server, name: 'signed' }] });
});

it('lists servers with a body that means nothing, which is signed too', async () => {
  expect(await ask({ data: {} })).toMatchObject({ httpStatusCode: 200, servers: [{ id: server }] });
});

it('lists servers by a query that has to be escaped', async () => {
  for (const name of ['signed', 'a b', 'ä/&=?+%20*(~)', '一']) {
    const { servers } = await ask({ queryParams: { name, limit: 10, tags: '' } });
    expect(servers).toHaveLength(name === 'signed' ? 1 : 0);
  }
});

it('asks for a path that has to be escaped, which it escapes twice in the signature', async () => {
  for (const id of ['a b', 'a%20b', 'ä', 'a ä', 'a%C3%A4', '(a)!*']) {
    await expect(
      ask({ url: '/v1/{project_id}/baremetalservers/{server_id}', pathParams: { server_id: id } }),
    ).rejects.toMatchObject({ httpStatusCode: 404 });
  }
});

it('stops a batch, and shows the status in CloudDC', async () => {
  const data = { 'os-stop': { type: 'HARD', servers: [{ id: server }] } };
  const { job_id: jobId } = await ask({ ...stop, data });
  expect(await cloud.jobEnd(jobId as string)).toMatchObject({ status: 'SUCCESS' });
  const path = { url: '/v1/{project_id}/instances/{id}/status', pathParams: { id: server } };
  expect(await ask(path)).toMatchObject({ httpStatusCode: 200 });
  expect(await ask({ ...path, contentType: '' })).toMatchObject({ httpStatusCode: 200 });
});

it('is refused when a byte of the body has changed on the way', async () => {
  const transformRequest = (data: unknown) => JSON.stringify(data).replace('HARD', 'SOFT');
  await expect(ask({ ...stop, axiosRequestConfig: { transformRequest } })).rejects.toMatchObject(wrong);
  await ask({});
});

it('is refused with another secret', async () => {
  await expect(ask({}, connect(toCredentials({ sk: 'other' })))).rejects.toMatchObject(wrong);
  await ask({});
});

it('is refused when its clock is 16 minutes off', async () => {
  for (const [minutes, isGood] of [
    [-16, false],
    [-14, true],
    [14, true],
    [16, false],
  ] as const) {
    const date = new Date(Date.now() + minutes * 60_000).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const asked = ask({ headers: { 'X-Sdk-Date': date } });
    if (isGood) expect(await asked).toMatchObject({ httpStatusCode: 200 });
    else await expect(asked).rejects.toMatchObject(refused(/15 minutes/));
  }
});

it('signs with a derived key', async () => {
  const derived = toCredentials({
    regionId: 'eu-de',
    derivedAuthServiceName: 'bms',
    derivedPredicate: () => true,
  });
  expect(await ask({}, connect(derived))).toMatchObject({ httpStatusCode: 200 });
});

it('acts with temporary keys', async () => {
  const { body } = await cloud.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', {
    auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } },
  });
  const { access: ak, secret: sk, securitytoken: securityToken } = body.credential;
  expect(await ask({}, connect(toCredentials({ ak, sk, securityToken })))).toMatchObject({
    httpStatusCode: 200,
  });
  await expect(ask({}, connect(toCredentials({ ak, sk })))).rejects.toMatchObject(wrong);

  const temporary = connect(toCredentials({ ak, sk, securityToken }));
  const data = { metadata: { role: 'db' } };
  const url = '/v1/{project_id}/baremetalservers/{server_id}/metadata';
  const pathParams = { server_id: server };
  expect(await ask({ method: 'POST', url, pathParams, data }, temporary)).toMatchObject(data);
  const { instances } = await ask(
    { url: '/v1/{project_id}/instances', queryParams: { instance_id: server, limit: '10' } },
    temporary,
  );
  const [{ server_id: node }] = instances as [{ server_id: string }];
  const power = { action: 'power on', server_id_set: [node] };
  const asked = { method: 'PUT', url: '/v1/{project_id}/physicalservers/power-state', data: power };
  expect(await ask(asked, temporary)).toMatchObject({ physical_servers: [{ id: node }] });
  const status = { url: '/v1/{project_id}/instances/{id}/status', pathParams: { id: server } };
  expect(
    await cloud.until(
      () => ask(status, temporary),
      ({ state }) => state === 'running',
    ),
  ).toBeDefined();
});

it('finds its domain', async () => {
  const credential = new GlobalCredentials({ ak: key.access, sk: key.secret, domainId: 'none' });
  await expect(ask({ url: '/v3/auth/domains' }, connect(credential))).rejects.toMatchObject({
    httpStatusCode: 403,
  });
  const { domains } = await ask({ url: '/v3/auth/domains' });
  const [{ id }] = domains as [{ id: string }];
  const global = new GlobalCredentials({ ak: key.access, sk: key.secret, domainId: id });
  expect(await ask({ url: '/v3/auth/domains' }, connect(global))).toMatchObject({ httpStatusCode: 200 });
});
