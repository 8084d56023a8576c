/** The words of Cinder v2 and v3 (without microversions). */
import { Type } from 'typebox';
import { toVolumeStatus, type Volume } from '../../core/volume.ts';

const Text = Type.Union([Type.String({ maxLength: 255 }), Type.Null()]);
const Metadata = Type.Record(Type.String({ minLength: 1, maxLength: 255 }), Type.String({ maxLength: 255 }));

export const VolumeBody = Type.Object({
  volume: Type.Object({
    size: Type.Union([
      Type.Integer({ minimum: 1, maximum: 32_768 }),
      Type.String({ pattern: '^[1-9]\\d{0,4}$' }),
    ]),
    name: Type.Optional(Text),
    description: Type.Optional(Text),
    volume_type: Type.Optional(Text),
    availability_zone: Type.Optional(Text),
    multiattach: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    metadata: Type.Optional(Type.Union([Metadata, Type.Null()])),
    imageRef: Type.Optional(Text),
    snapshot_id: Type.Optional(Text),
    source_volid: Type.Optional(Text),
    backup_id: Type.Optional(Text),
  }),
});

export const VolumeChangeBody = Type.Object({
  volume: Type.Object({
    name: Type.Optional(Text),
    description: Type.Optional(Text),
    metadata: Type.Optional(Metadata),
  }),
});

/** `2026-03-02T08:21:47.000000`, without zone. */
function toMicroseconds(at: Date): string {
  return `${at.toISOString().slice(0, 23)}000`;
}

/** @param root `http://host:port/volume/v3/{project}` */
export function toEntry(root: string, { id, name }: Volume) {
  return { id, name, links: [{ rel: 'self', href: `${root}/volumes/${id}` }] };
}

export function toVolume(root: string, volume: Volume) {
  return {
    ...toEntry(root, volume),
    description: volume.description,
    status: toVolumeStatus(volume),
    size: volume.sizeGb,
    volume_type: volume.type,
    availability_zone: volume.zone,
    bootable: String(volume.bootable),
    encrypted: false,
    multiattach: volume.shareable,
    shareable: String(volume.shareable),
    metadata: volume.metadata,
    attachments: volume.attachments.map(({ serverId, device, attachedAt }) => ({
      id: volume.id,
      attachment_id: volume.id,
      volume_id: volume.id,
      server_id: serverId,
      device,
      host_name: null,
      attached_at: toMicroseconds(new Date(attachedAt)),
    })),
    snapshot_id: null,
    source_volid: null,
    consistencygroup_id: null,
    replication_status: null,
    user_id: volume.userId,
    'os-vol-tenant-attr:tenant_id': volume.projectId,
    created_at: toMicroseconds(volume.createdAt),
    updated_at: toMicroseconds(volume.updatedAt),
  };
}

export function toType(name: string) {
  return { id: name, name, description: null, is_public: true, extra_specs: {}, qos_specs_id: null };
}

/** Cinder's limits (block storage API v3, "limits"). */
export function toLimits({ volumes, sizeGb }: { volumes: number; sizeGb: number }) {
  return {
    limits: {
      rate: [],
      absolute: {
        maxTotalVolumes: -1,
        maxTotalVolumeGigabytes: -1,
        maxTotalSnapshots: 0,
        maxTotalBackups: 0,
        maxTotalBackupGigabytes: 0,
        totalVolumesUsed: volumes,
        totalGigabytesUsed: sizeGb,
        totalSnapshotsUsed: 0,
        totalBackupsUsed: 0,
        totalBackupGigabytesUsed: 0,
      },
    },
  };
}
