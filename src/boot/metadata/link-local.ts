/**
 * The metadata service where clouds have it, at 169.254.169.254, port 80: cloud-init's sources OpenStack and Ec2 look there
 * and nowhere else. The address is put onto the interface of the provisioning network, and taken off at the end; machines
 * find it by a route that DHCP gives them (`dnsmasq-config.ts`). Only the metadata is served there.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fastify, { type FastifyInstance } from 'fastify';
import { openMetadataDoor, type MetadataRoom } from './metadata-door.ts';

/** Of all clouds, since EC2; a link-local address (RFC 3927). */
export const metadataAddress = '169.254.169.254';
const httpPort = 80;

export interface LinkLocalRoom {
  interfaceName: string;
  metadata: MetadataRoom;
  log: (error: unknown, message: string) => void;
}

export interface LinkLocal {
  /** @throws Error with one line: no such interface, not allowed, port in use */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createLinkLocal({ interfaceName, metadata, log }: LinkLocalRoom): LinkLocal {
  let http: FastifyInstance | null = null;

  /** What an Ingot that was killed left on the interface is ours. */
  async function addAddress(): Promise<void> {
    await changeAddress('replace', interfaceName).catch((error: Error) => {
      throw new Error(`${metadataAddress} cannot be put onto ${interfaceName}: ${error.message}`, {
        cause: error,
      });
    });
  }

  async function stop(): Promise<void> {
    if (!http) return;
    await http.close();
    http = null;
    await changeAddress('del', interfaceName).catch((error: unknown) =>
      log(error, `${metadataAddress} was not taken off ${interfaceName}`),
    );
  }

  return {
    async start() {
      await addAddress();
      http = fastify({ keepAliveTimeout: 5_000, routerOptions: { caseSensitive: true } });
      http.setNotFoundHandler(async (_, reply) => reply.code(404).type('text/plain').send('Not found.\n'));
      http.setErrorHandler(async (error, _, reply) => {
        log(error, 'a request for metadata failed');
        return reply.code(500).type('text/plain').send('Internal error.\n');
      });
      openMetadataDoor(http, metadata);
      await http.listen({ host: metadataAddress, port: httpPort }).catch(async (error: Error) => {
        await stop();
        throw new Error(`Metadata cannot be served on ${metadataAddress}: ${error.message}`, {
          cause: error,
        });
      });
    },
    stop,
  };
}

async function changeAddress(how: 'replace' | 'del', interfaceName: string): Promise<void> {
  const args = ['address', how, `${metadataAddress}/32`, 'dev', interfaceName, 'scope', 'link'];
  await promisify(execFile)('ip', args).catch((error: NodeJS.ErrnoException & { stderr?: string }) => {
    const isMissing = error.code === 'ENOENT';
    const reason = isMissing ? 'ip is not installed (Debian package iproute2)' : error.stderr?.trim();
    throw new Error(reason || error.message, { cause: error });
  });
}
