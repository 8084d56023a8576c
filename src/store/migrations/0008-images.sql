-- The files of images, named after the SHA-256 of their bytes. Images that hold the same bytes share a file; a file
-- that no image names is removed after a while.
create table image_files (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null,
  form text not null check (form in ('raw', 'gzip', 'zstd')),
  raw_size_bytes bigint not null, -- unpacked
  used_at timestamptz not null default now()
);

alter table images
  drop column checksum, -- was always null
  alter column disk_format drop not null,
  alter column disk_format drop default,
  add column container_format text,
  add column status text not null default 'active'
    check (status in ('queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'killed')),
  add column visibility text not null default 'private'
    check (visibility in ('public', 'community', 'shared', 'private')),
  add column is_protected boolean not null default false,
  add column is_hidden boolean not null default false,
  add column tags text[] not null default '{}',
  -- of the bytes as they were registered, which `source_file` holds; null: they are those of the unpacked disk
  add column md5 text,
  add column sha512 text,
  add column source_file text references image_files,
  -- the raw disk that machines are given; null: there are no bytes
  add column disk_file text references image_files,
  add column failure text;
update images set visibility = case when project_id is null then 'public' else 'private' end,
  container_format = 'bare';
alter table images add constraint images_without_owner_are_public
  check (project_id is not null or visibility = 'public');
create index images_by_project on images (project_id);
create index images_by_source_file on images (source_file) where source_file is not null;
create index images_by_disk_file on images (disk_file) where disk_file is not null;

-- Projects with which an image is shared.
create table image_members (
  image_id uuid not null references images on delete cascade,
  project_id text not null references projects on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'accepted', 'rejected')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (image_id, project_id)
);
create index image_members_by_project on image_members (project_id);

-- Bytes on their way into an image. `upload` and `stage` end with the request that brings them; `glance-direct` (what
-- was staged) and `web-download` go on in any process until they have ended.
create table image_transfers (
  id uuid primary key,
  image_id uuid not null references images on delete cascade,
  user_id text not null,
  request_id text not null,
  method text not null check (method in ('upload', 'stage', 'glance-direct', 'web-download')),
  uri text,
  hash_algorithm text check (hash_algorithm in ('md5', 'sha256', 'sha512')),
  hash_value text,
  attempt integer not null default 0,
  run_at timestamptz not null default now(),
  owner uuid, -- the process that works on it
  lease_until timestamptz,
  received_bytes bigint not null default 0,
  total_bytes bigint,
  error text, -- of the last attempt
  succeeded boolean, -- null: not ended
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((succeeded is null) = (ended_at is null))
);
create unique index image_transfers_open on image_transfers (image_id) where ended_at is null;
create index image_transfers_due on image_transfers (run_at) where ended_at is null;
create index image_transfers_of_image on image_transfers (image_id, created_at);
