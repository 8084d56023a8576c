-- Machines that are installed, wiped and inspected by a ramdisk which they boot over the network or from virtual media.
alter table nodes
  -- In lower case; given when the node was enrolled, or learned by the ramdisk. Those of the inventory count as well.
  add column macs text[] not null default '{}',
  add column firmware text check (firmware in ('bios', 'uefi')),
  add column boot_method text check (boot_method in ('network', 'media')); -- null: as the setting says

create function macs_in(inventory jsonb) returns text[] language sql immutable parallel safe
return coalesce((
  select array_agg(lower(nic ->> 'mac')) from jsonb_array_elements(
    case when jsonb_typeof(inventory -> 'nics') = 'array' then inventory -> 'nics' else '[]' end) nic
  where nic ->> 'mac' is not null), '{}');
create index nodes_by_mac on nodes using gin ((macs || macs_in(inventory)));

-- One walk of a machine through the ramdisk. The latest of a node is the current one; what was begun before is void.
create table boot_sessions (
  id uuid primary key,
  node_id uuid not null references nodes on delete cascade,
  server_id uuid,
  kind text not null check (kind in ('deploy', 'wipe', 'inspect')),
  method text not null check (method in ('network', 'media')),
  is_current boolean not null default true,
  stage text not null
    check (stage in ('armed', 'off', 'started', 'agent', 'finished', 'done', 'booted', 'failed')),
  stage_at timestamptz not null default now(),
  starts integer not null default 0,
  -- Of the secret that the ramdisk of this start shows; null until it was handed out.
  secret_hash bytea,
  -- In the address at which the installed system reports.
  home_key text not null unique,
  deploy_order jsonb,
  evidence text not null,
  evidence_at timestamptz not null default now(),
  log_tail text not null default '',
  began_at timestamptz not null default now()
);
create unique index boot_sessions_current on boot_sessions (node_id) where is_current;
create index boot_sessions_by_server on boot_sessions (server_id, began_at);
create unique index boot_sessions_by_secret on boot_sessions (secret_hash) where secret_hash is not null;

-- What was heard of a machine, in order: its boot timeline.
create table boot_signs (
  id bigint generated always as identity primary key,
  session_id uuid not null references boot_sessions on delete cascade,
  at timestamptz not null default clock_timestamp(),
  sign text not null,
  detail text not null default ''
);
create index boot_signs_by_session on boot_signs (session_id, id);
