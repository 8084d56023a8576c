/**
 * Export of a machine's log (C16–C18): what is known of it when it is asked for, packed at once and kept with the
 * request, so that an accepted export is complete and the same at every download.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { IngotError, notFound } from '../../core/errors.ts';
import type { LogExport } from '../../core/log-export.ts';
import type { Node } from '../../core/node.ts';
import { newId } from '../../engine/ids.ts';
import { isId, ok, projectOf, type Answer, type Call } from '../api.ts';
import { toEvent } from './alarm-wire.ts';
import type { Cloud } from './cloud.ts';
import { getInventory } from './hardware.ts';
import { toFirmware, toHardware } from './hardware-wire.ts';
import { getVisibleNode, ownerOf } from './physical-servers.ts';
import { toPhysicalServer } from './wire.ts';

interface ArchivedFile {
  name: string;
  content: string;
}

export async function exportLogs(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getVisibleNode(cloud, projectOf(call), call.params['id']!);
  const content = await toArchive(await collect(cloud, call, node));
  const made = await cloud.logExports.add(
    { id: newId(), nodeId: node.id, projectId: projectOf(call), fileName: toFileName(node) },
    content,
  );
  return ok(toExport(made), 202);
}

/** As documented: by serial number; of a machine that was never read, by name. */
function toFileName({ inventory, name }: Node): string {
  return `${(inventory?.serialNumber ?? name).replaceAll(/[^\w.-]/g, '_')}-dump.tar.gz`;
}

const mostMoves = 10_000;
const mostEvents = 1_000;
const eventSpanMs = 30 * 86_400_000;

function toArchive(files: ArchivedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of files) archive.entry({ name }, content);
  archive.finalize();
  return buffer(archive.pipe(createGzip()));
}

async function collect(cloud: Cloud, call: Call, node: Node): Promise<ArchivedFile[]> {
  const projectId = projectOf(call);
  const now = Date.now();
  const [hardware, moves, events, open] = await Promise.all([
    readHardware(cloud, node),
    cloud.history.listOfNode(node.id, mostMoves),
    cloud.observations.listEvents(
      projectId,
      { from: new Date(now - eventSpanMs), to: new Date(now + 1), nodeId: node.id },
      { offset: 0, limit: mostEvents },
    ),
    cloud.jobs.findOpenSubJobOfNode(node.id),
  ]);
  // What happened while the machine was somebody else's is theirs.
  const own = moves.filter((move) => move.projectId === projectId);
  const last = own.find(({ evidence }) => evidence !== null);
  const machine = {
    ...toPhysicalServer(node, ownerOf(call)),
    power_seen_at: node.powerSeenAt,
    last_evidence: last ? { at: last.at, says: last.evidence } : null,
    under_way: open && {
      operation: open.operation,
      status: open.status,
      step: open.step,
      waits_for: open.waitsFor,
      evidence: open.evidence,
      deadline_at: open.deadlineAt,
    },
  };
  return [
    { name: 'machine.json', content: toJson(machine) },
    ...hardware,
    { name: 'history.jsonl', content: toLines(own) },
    { name: 'events.jsonl', content: toLines(events.map(toEvent)) },
  ];
}

/** A machine whose BMC is away has a log all the same; the log says why it holds no hardware. */
async function readHardware(cloud: Cloud, node: Node): Promise<ArchivedFile[]> {
  try {
    const inventory = await getInventory(cloud, node);
    return [
      { name: 'hardware.json', content: toJson(toHardware(inventory)) },
      { name: 'firmware.json', content: toJson(toFirmware(inventory)) },
    ];
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return [{ name: 'hardware.txt', content: `${error.message}\n` }];
  }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function toLines(values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

export async function showExport(cloud: Cloud, call: Call): Promise<Answer> {
  return ok(toExport(await getExport(cloud, call)));
}

export async function downloadExport(cloud: Cloud, call: Call): Promise<Answer> {
  const { id, nodeId, projectId, fileName } = await getExport(cloud, call);
  const content = await cloud.logExports.findContent(id, nodeId, projectId);
  if (!content) throw notFound('export', id);
  return {
    statusCode: 200,
    stream: Readable.from([content]),
    headers: {
      'content-disposition': `attachment; filename=${fileName}`,
      'content-transfer-encoding': 'binary',
      'content-type': 'application/octet-stream;charset=UTF-8',
      'content-length': String(content.length),
    },
  };
}

/** Throws not-found unless it is an export of this machine, made by this project. */
async function getExport(cloud: Cloud, call: Call): Promise<LogExport> {
  const node = await getVisibleNode(cloud, projectOf(call), call.params['id']!);
  const id = call.params['export_id']!;
  const found = isId(id) ? await cloud.logExports.find(id, node.id, projectOf(call)) : null;
  if (!found) throw notFound('export', id);
  return found;
}

function toExport({ id, createdAt }: LogExport) {
  return {
    export_id: id,
    status: 'completed',
    percentage: '100%',
    // With an offset, as in the sample, not with Z.
    created_at: createdAt.toISOString().replace(/\.\d+Z$/, '+00:00'),
  };
}
