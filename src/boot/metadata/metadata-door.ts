/**
 * The metadata service, which knows the system that asks by its address: in OpenStack's form, in EC2's, and in
 * cloud-init's own (NoCloud). It honours the server's metadata options (Nova's `http_endpoint` and `http_tokens` as in
 * EC2): switched off it has nothing, and with tokens required it answers only to those who fetched one (EC2, IMDSv2).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Node } from '../../core/node.ts';
import { listEc2, readEc2 } from './ec2.ts';
import { noCloudNames, toNoCloud } from './nocloud.ts';
import { toDocument, type DocumentName } from './openstack.ts';
import type { SystemData } from './system-data.ts';

export interface MetadataRoom {
  findNode: (address: string) => Promise<Node | null>;
  gather: (node: Node) => Promise<SystemData | null>;
  /** The system on this node read something. */
  onRead: (node: Node, path: string) => void;
  now: () => number;
}

const documents: DocumentName[] = ['meta_data.json', 'network_data.json', 'user_data', 'vendor_data.json'];
/** Each version that ever was is answered with what there is now; clients take the newest that they know. */
const versions = ['2012-08-10', '2013-04-04', '2015-10-15', '2017-02-22', '2018-08-27', 'latest'];
const longestTokenSeconds = 21_600;

type Read = (data: SystemData, request: FastifyRequest) => string | Buffer | null;

export function openMetadataDoor(http: FastifyInstance, room: MetadataRoom): void {
  const tokens = createTokens(room.now);

  const answer = (read: Read) => async (request: FastifyRequest, reply: FastifyReply) => {
    const node = await room.findNode(request.ip);
    const data = node && (await room.gather(node));
    if (!node || !data || data.options.httpEndpoint === 'disabled') return missing(reply);
    if (data.options.httpTokens === 'required' && !tokens.isGood(node.id, tokenOf(request))) {
      return reply.code(401).type('text/plain').send('A token is required: PUT /latest/api/token\n');
    }
    const found = read(data, request);
    if (found === null) return missing(reply);
    room.onRead(node, request.url);
    return reply.type(request.url.endsWith('.json') ? 'application/json' : 'text/plain').send(found);
  };

  http.put('/latest/api/token', async (request, reply) => {
    const node = await room.findNode(request.ip);
    if (!node) return missing(reply);
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestTokenSeconds) {
      return reply
        .code(400)
        .type('text/plain')
        .send(`The TTL is from 1 to ${longestTokenSeconds} seconds.\n`);
    }
    return reply.type('text/plain').send(tokens.make(node.id, seconds));
  });

  http.get(
    '/openstack',
    answer(() => `${versions.join('\n')}\n`),
  );
  for (const version of versions) {
    const names = documents.filter((name) => name !== 'user_data');
    const list: Read = (data) => `${[...names, ...(data.userData ? ['user_data'] : [])].sort().join('\n')}\n`;
    http.get(`/openstack/${version}`, answer(list));
    http.get(`/openstack/${version}/`, answer(list));
    for (const name of documents) {
      http.get(
        `/openstack/${version}/${name}`,
        answer((data) => toDocument(name, data)),
      );
    }
  }
  for (const name of noCloudNames)
    http.get(
      `/nocloud/${name}`,
      answer((data) => toNoCloud(name, data)),
    );

  for (const version of ['latest', '2009-04-04']) {
    http.get(
      `/${version}`,
      answer(() => 'meta-data\nuser-data\n'),
    );
    http.get(
      `/${version}/`,
      answer(() => 'meta-data\nuser-data\n'),
    );
    http.get(
      `/${version}/user-data`,
      answer((data) => data.userData),
    );
    http.get(
      `/${version}/meta-data`,
      answer((data) => listEc2(data)),
    );
    http.get<{ Params: { '*': string } }>(
      `/${version}/meta-data/*`,
      answer((data, request) => readEc2(data, (request.params as { '*': string })['*'])),
    );
  }
}

function missing(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/plain').send('Not found.\n');
}

function tokenOf({ headers }: FastifyRequest): string {
  const token = headers['x-aws-ec2-metadata-token'];
  return typeof token === 'string' ? token : '';
}

/** Good for one machine until a moment, and as long as this process lives: systems fetch a new one then. */
function createTokens(now: () => number) {
  const key = randomBytes(32);
  const sign = (nodeId: string, until: string) =>
    createHmac('sha256', key).update(`${nodeId} ${until}`).digest('base64url');
  return {
    make(nodeId: string, seconds: number): string {
      const until = String(now() + seconds * 1_000);
      return `${until}.${sign(nodeId, until)}`;
    },
    isGood(nodeId: string, token: string): boolean {
      const [until = '', signature = ''] = token.split('.');
      const [given, wanted] = [Buffer.from(signature), Buffer.from(sign(nodeId, until))];
      return given.length === wanted.length && timingSafeEqual(given, wanted) && Number(until) > now();
    },
  };
}
