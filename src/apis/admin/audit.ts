/** The audit trail of the whole installation, for its operators. */
import { auditRatings, toRating, type AuditFilter, type AuditRow } from '../../core/audit.ts';
import { invalid } from '../../core/errors.ts';
import { ok, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { pageOf, toPage } from './pages.ts';

const words = {
  account: 'accountId',
  project: 'projectId',
  user: 'userName',
  access_key: 'accessKey',
  name: 'name',
  resource: 'resourceId',
  request: 'requestId',
} as const satisfies Record<string, keyof AuditFilter>;

export async function list({ audit }: Cloud, call: Call): Promise<Answer> {
  const filter: AuditFilter = {};
  for (const [parameter, field] of Object.entries(words)) {
    const word = single(call, parameter);
    if (word) filter[field] = word;
  }
  const service = single(call, 'service');
  if (service) filter.services = [service];
  const rating = single(call, 'rating');
  if (rating) {
    filter.rating = auditRatings.find((it) => it === rating);
    if (!filter.rating) throw invalid(`rating is one of ${auditRatings.join(', ')}.`, 'rating');
  }
  for (const [parameter, field] of [
    ['since', 'from'],
    ['until', 'to'],
  ] as const) {
    const text = single(call, parameter);
    if (text) filter[field] = toMoment(text, parameter);
  }
  const page = pageOf(call);
  return ok(toPage('audit', await audit.list(filter, page), page, toRow));
}

function toMoment(text: string, name: string): Date {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) throw invalid(`${name} is a time such as 2026-01-31T12:00:00Z.`, name);
  return moment;
}

function toRow(row: AuditRow) {
  const { user } = row;
  return {
    id: row.id,
    at: row.at.toISOString(),
    rating: toRating(row.statusCode),
    name: row.name,
    service: row.service,
    route: row.route,
    method: row.method,
    action: row.action,
    status_code: row.statusCode,
    error_code: row.errorCode,
    account: row.account,
    project_id: row.projectId,
    user: { id: user.id, name: user.name, account: { id: user.accountId, name: user.accountName } },
    access_key: row.accessKey,
    source_ip: row.sourceIp,
    request_id: row.requestId,
    resource_type: row.resourceType,
    resource_ids: row.resourceIds,
    resource_name: row.resourceName,
    job_id: row.jobId,
  };
}
