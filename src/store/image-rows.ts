/** Images as the database has them; `i` is the image, `d` the file that machines are given. */
import { sql, type RawBuilder } from 'kysely';

export const imageColumns = sql`
  i.id, i.project_id as "projectId", i.name, i.os_type as "osType", i.os_bits as "osBits", i.status, i.visibility,
  i.is_protected as "isProtected", i.is_hidden as "isHidden", i.tags, i.disk_format as "diskFormat",
  i.container_format as "containerFormat", i.min_disk_gb as "minDiskGb", i.min_ram_mib as "minRamMib",
  i.size_bytes as "sizeBytes", i.md5, i.sha512, i.failure, i.properties, i.created_at as "createdAt",
  i.updated_at as "updatedAt",
  case when d.sha256 is null then null else jsonb_build_object('sha256', d.sha256, 'form', d.form,
    'sizeBytes', d.size_bytes, 'rawSizeBytes', d.raw_size_bytes) end as disk`;

export const fromImages = sql`images i left join image_files d on d.sha256 = i.disk_file`;

/** By id: also what is offered to the project, and what is open to those who know the id. null sees everything. */
export function isUsableBy(projectId: string | null): RawBuilder<unknown> {
  if (projectId === null) return sql`true`;
  return sql`(i.visibility in ('public', 'community') or i.project_id = ${projectId} or (i.visibility = 'shared'
    and exists (select 1 from image_members m where m.image_id = i.id and m.project_id = ${projectId})))`;
}
