-- Facts of a server that its state does not touch.
alter table servers
  add column metadata_options jsonb not null default '{}',
  -- encrypted with the key of its keypair; only who has the private half can read it
  add column encrypted_password text not null default '';

-- Other addresses that the port may use (virtual addresses).
alter table ports add column address_pairs text[] not null default '{}';

create table volumes (
  id uuid primary key,
  project_id text not null references projects,
  user_id text not null,
  name text not null,
  description text not null default '',
  size_gb integer not null,
  type text not null,
  zone text not null,
  shareable boolean not null default false,
  bootable boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index volumes_by_project on volumes (project_id, created_at desc, id desc);

create table attachments (
  volume_id uuid not null references volumes on delete cascade,
  server_id uuid not null references servers on delete cascade,
  device text not null,
  delete_on_termination boolean not null default false,
  attached_at timestamptz not null default now(),
  primary key (volume_id, server_id),
  unique (server_id, device)
);

-- An order is what a job was ordered with; how it stands is how the job stands.
create unique index jobs_by_order on jobs (order_id) where order_id is not null;

-- Requests that may be sent again: the answer to the first is the answer to all.
create table answered_requests (
  project_id text not null references projects on delete cascade,
  key text not null,
  -- of what was asked: the same key with another request is a mistake
  fingerprint text not null,
  answer bytea not null, -- sealed
  created_at timestamptz not null default now(),
  primary key (project_id, key)
);
create index answered_requests_by_age on answered_requests (created_at);
