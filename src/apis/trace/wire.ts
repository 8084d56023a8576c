/** A row of the audit trail as Cloud Trace Service shows it (cts_api_0311). */
import { toRating, type AuditRow } from '../../core/audit.ts';

/** Acronyms as in the console of the published cloud; what has none there is called after this program. */
export const serviceTypes: Record<string, string> = {
  'bms-v1': 'BMS',
  'nova-v2.1': 'ECS',
  clouddc: 'CLOUDDC',
  identity: 'IAM',
  image: 'IMS',
  network: 'VPC',
  volume: 'EVS',
  billing: 'BSS',
};

/** `request` and `response` are left out: bodies are not kept, for they hold passwords and keys. */
export function toTrace(row: AuditRow) {
  const { user } = row;
  return {
    trace_id: row.id,
    trace_name: row.name,
    trace_type: 'ApiCall',
    trace_rating: toRating(row.statusCode),
    tracker_name: 'system',
    service_type: serviceTypes[row.service] ?? 'INGOT',
    resource_type: row.resourceType ?? row.service,
    resource_id: row.resourceIds[0] ?? row.jobId ?? '',
    resource_name: row.resourceName ?? '',
    source_ip: row.sourceIp,
    user: {
      id: user.id ?? '',
      name: user.name ?? '',
      ...(row.accessKey === null ? {} : { access_key_id: row.accessKey }),
      domain: { id: user.accountId ?? '', name: user.accountName ?? '' },
    },
    code: String(row.statusCode),
    request_id: row.requestId,
    location_info: row.errorCode ?? '',
    // More than one resource at once is not foreseen in the published shape.
    message: row.resourceIds.length > 1 ? `resources: ${row.resourceIds.join(', ')}` : '',
    api_version: /v[\d.]+$/.exec(row.service)?.[0] ?? '',
    time: row.at.getTime(),
    record_time: row.at.getTime(),
  };
}
