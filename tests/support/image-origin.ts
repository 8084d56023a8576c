/** A web server that images are fetched from. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origin {
  url: string;
  port: number;
  /** Paths that were asked for. */
  asked: string[];
  close(): Promise<void>;
}

export async function startOrigin(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<Origin> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
