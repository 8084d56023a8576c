/** Each published API as a stranger meets it: a place to read, one to write, and how it refuses. */
import { expect } from 'vitest';
import type { Reply } from './cloud.ts';

export interface Door {
  name: string;
  /** Answers a GET with 200 to a caller with a token. */
  read: string;
  /** Takes a JSON body; with what a good one looks like, apart from ids that nobody has. */
  write?: { method: string; path: string; body: object };
  /** A path in this API that leads nowhere. */
  nowhere: string;
  /** The body of a refusal with this status code. */
  refusal(status: number): unknown;
}

const nobody = '00000000-0000-4000-8000-000000000000';
const text: unknown = expect.any(String);
const keystone = { error: { code: 401, title: 'Unauthorized', message: text } };
const faults: Record<number, string> = {
  400: 'badRequest',
  404: 'itemNotFound',
  405: 'badMethod',
  408: 'badRequest',
  413: 'overLimit',
};
const atGateway = [401, 404, 405, 408, 413];
const gateway = {
  error_code: expect.stringMatching(/^APIGW\.\d{4}$/),
  error_msg: text,
  request_id: text,
};

export const doors: Door[] = [
  {
    name: 'BMS v1',
    read: '/v1/{p}/baremetalservers/detail',
    write: {
      method: 'POST',
      path: '/v1/{p}/baremetalservers/action',
      body: { 'os-stop': { servers: [{ id: nobody }] } },
    },
    nowhere: '/v1/{p}/baremetalservers/nowhere/at/all',
    refusal: (status) =>
      atGateway.includes(status)
        ? gateway
        : { error: { code: expect.stringMatching(/^(BMS|Common)\.\d{4}$/), message: text } },
  },
  {
    name: 'Nova v2.1',
    read: '/v2.1/{p}/servers/detail',
    write: { method: 'POST', path: `/v2.1/{p}/servers/${nobody}/action`, body: { 'os-stop': null } },
    nowhere: '/v2.1/{p}/servers/nowhere/at/all',
    refusal: (status) => (status === 401 ? keystone : { [faults[status]!]: { code: status, message: text } }),
  },
  {
    name: 'CloudDC',
    read: '/v1/{p}/instances',
    write: {
      method: 'PUT',
      path: '/v1/{p}/physicalservers/power-state',
      body: { action: 'power off', server_id_set: [nobody] },
    },
    // Below /v1 an unknown path is the older API's.
    nowhere: '/v1/{p}/instances/nowhere/at/all',
    refusal: (status) =>
      atGateway.includes(status)
        ? gateway
        : { error_code: expect.stringMatching(/^CloudDC\.\d{4}$/), error_msg: text },
  },
  {
    name: 'identity',
    read: '/v3/users',
    write: {
      method: 'POST',
      path: '/v3/projects',
      body: { project: { name: 'never made', domain_id: 'none' } },
    },
    nowhere: '/v3/nowhere/at/all',
    refusal: (status) => ({ error: { code: status, title: text, message: text } }),
  },
  {
    name: 'image',
    read: '/image/v2/images',
    nowhere: '/image/v2/nowhere/at/all',
    refusal: (status) =>
      status === 401
        ? keystone
        : { code: expect.stringMatching(new RegExp(`^${status} `)), title: text, message: text },
  },
  {
    name: 'network',
    read: '/network/v2.0/networks',
    nowhere: '/network/v2.0/nowhere/at/all',
    refusal: (status) =>
      status === 401 ? keystone : { NeutronError: { type: text, message: text, detail: text } },
  },
  {
    name: 'admin',
    read: '/admin/v1/nodes',
    write: {
      method: 'POST',
      path: '/admin/v1/faults',
      body: { target: nobody, on: 'stop', kind: 'fail' },
    },
    nowhere: '/admin/v1/nowhere/at/all',
    refusal: () => ({ error: expect.objectContaining({ code: text, message: text }) }),
  },
];

/** No stack, no file, no statement of ours. */
const inside = /\n\s+at |\.ts:\d|node_modules|node:internal|postgres|syntax error|invalid input syntax/i;

export function expectRefusal(door: Door, reply: Pick<Reply, 'status' | 'body'>, status: number): void {
  expect(reply).toMatchObject({ status });
  expect(reply.body).toEqual(door.refusal(status));
  expectNothingInside(reply.body);
}

export function expectNothingInside(body: unknown): void {
  expect(JSON.stringify(body)).not.toMatch(inside);
}
