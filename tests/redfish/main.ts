/**
 * Many test BMCs in a process of their own, for benches and crash tests:
 *
 *     node tests/redfish/main.ts --count 1000 --port 20000 --latency 50 --control 19999
 *
 * BMC i listens on port + i; with port 0 on whatever is free, and the counters tell. Prints `ready` when all listen. The control port answers `GET /counters` (a list, one
 * entry per BMC) and ends nothing. Ends on SIGTERM and when standard input closes, so no orphan stays behind.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { startRedfishServer, type RedfishServer } from './redfish-server.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1' },
    port: { type: 'string', default: '20000' },
    control: { type: 'string', default: '0' },
    /** Milliseconds per answer. */
    latency: { type: 'string', default: '0' },
    /** Milliseconds from a reset to its effect. */
    lag: { type: 'string', default: '0' },
    power: { type: 'string', default: 'off' },
    sessions: { type: 'string', default: '8' },
    username: { type: 'string', default: 'admin' },
    password: { type: 'string', default: 'correct horse' },
  },
});

const [count, port, control] = [Number(values.count), Number(values.port), Number(values.control)];
const servers: RedfishServer[] = [];
for (let index = 0; index < count; index += 1) {
  const server = await startRedfishServer({
    port: port === 0 ? 0 : port + index,
    serial: `T1-${String(index).padStart(5, '0')}`,
    latencyMs: Number(values.latency),
    lagMs: Number(values.lag),
    power: values.power === 'on' ? 'on' : 'off',
    maxSessions: Number(values.sessions),
    username: values.username,
    password: values.password,
  });
  servers.push(server);
}

if (control > 0) {
  const counters = createServer((request, response) => {
    response.writeHead(request.url === '/counters' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(servers.map((server) => ({ port: server.port, ...server.counters() }))));
  });
  await new Promise<void>((resolve) => counters.listen(control, '127.0.0.1', resolve));
}

process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0));
process.stdin.resume();
console.log('ready');
