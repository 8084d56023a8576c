-- One row: a proof sealed with the key of this installation, by which a process sees whether it holds the same.
create table installation (
  is_only boolean primary key default true check (is_only),
  key_proof bytea not null
);

-- Who may call. Ids of accounts, projects and users are 32 hex digits, as the published APIs have them.
create table accounts (
  id text primary key,
  name text not null unique,
  description text not null default '',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

create table projects (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  description text not null default '',
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  unique (account_id, name)
);

create table users (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  password_hash text,
  email text,
  description text not null default '',
  enabled boolean not null default true,
  is_root boolean not null default false,
  default_project_id text references projects on delete set null,
  failed_logins integer not null default 0,
  locked_until timestamptz,
  created_at timestamptz not null default now(),
  unique (account_id, name)
);

create table roles (
  id text primary key,
  name text not null unique,
  description text not null default ''
);

-- A role is held on a project or on a whole account.
create table role_assignments (
  user_id text not null references users on delete cascade,
  role_id text not null references roles on delete cascade,
  project_id text references projects on delete cascade,
  account_id text references accounts on delete cascade,
  check ((project_id is null) <> (account_id is null)),
  unique nulls not distinct (user_id, role_id, project_id, account_id)
);

-- Only the hash is kept. A revoked token is a deleted row.
create table tokens (
  hash bytea primary key,
  user_id text not null references users on delete cascade,
  project_id text references projects on delete cascade,
  account_id text references accounts on delete cascade,
  methods text[] not null,
  audit_id text not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null
);
create index tokens_by_user on tokens (user_id);
create index tokens_by_expiry on tokens (expires_at);

create table access_keys (
  access text primary key,
  user_id text not null references users on delete cascade,
  secret_sealed bytea not null,
  description text not null default '',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

-- What can be rented.
create table flavors (
  id text primary key,
  name text not null,
  vcpus integer not null,
  ram_mib integer not null,
  disk_gb integer not null,
  extra_specs jsonb not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

create table images (
  id uuid primary key,
  project_id text references projects on delete cascade, -- null: public
  name text not null,
  os_type text not null default 'Linux',
  os_bits integer not null default 64,
  disk_format text not null default 'raw',
  min_disk_gb integer not null default 0,
  min_ram_mib integer not null default 0,
  size_bytes bigint not null default 0,
  checksum text,
  properties jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table networks (
  id uuid primary key,
  project_id text references projects on delete cascade, -- null: shared by all
  vpc_id uuid not null,
  name text not null,
  description text not null default '',
  created_at timestamptz not null default now()
);

create table subnets (
  id uuid primary key,
  network_id uuid not null references networks on delete cascade,
  name text not null,
  cidr cidr not null,
  gateway_ip inet not null,
  dns text[] not null default '{}',
  -- the automatic addresses are handed out in turn; this is the last one's offset in the network
  cursor bigint not null default 1,
  created_at timestamptz not null default now()
);

create table keypairs (
  id bigint generated always as identity primary key,
  user_id text not null references users on delete cascade,
  name text not null,
  type text not null default 'ssh',
  public_key text not null,
  fingerprint text not null,
  created_at timestamptz not null default now(),
  unique (user_id, name)
);

-- The physical machines.
create table nodes (
  id uuid primary key,
  name text not null unique,
  driver text not null,
  bmc_address text not null default '',
  bmc_username text not null default '',
  bmc_secret bytea,
  bmc_system text,
  bmc_certificate text,
  standing text not null,
  zone text not null,
  flavor_id text not null references flavors,
  project_id text references projects, -- null: in the shared pool
  server_id uuid unique,
  power text not null default 'unknown',
  power_seen_at timestamptz,
  health text not null default 'Unknown',
  inventory jsonb,
  power_policy text not null default 'follow',
  next_power_read_at timestamptz not null default now(),
  power_disagreements integer not null default 0,
  rack text not null default '',
  unit integer not null default 0,
  note text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 80);
create index nodes_free on nodes (flavor_id, zone, id) where standing = 'ready' and server_id is null;
create index nodes_by_next_power_read on nodes (next_power_read_at);

create table servers (
  id uuid primary key,
  number bigint generated always as identity,
  project_id text not null references projects,
  user_id text not null,
  door text not null,
  name text not null,
  description text not null,
  state text not null,
  task_state text,
  deleting_from text,
  power text not null default 'unknown',
  node_id uuid references nodes,
  flavor_id text not null references flavors,
  image_id uuid not null,
  zone text not null,
  vpc_id uuid,
  nics jsonb not null default '[]',
  key_name text,
  user_data text,
  admin_password_hash text,
  metadata jsonb not null default '{}',
  tags text[] not null default '{}',
  scheduler_hints jsonb not null default '{}',
  enterprise_project_id text not null default '0',
  reservation_id text not null,
  launch_index integer not null default 0,
  locked boolean not null default false,
  provisioning text,
  provisioning_outcome text,
  fault jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  launched_at timestamptz,
  terminated_at timestamptz
) with (fillfactor = 80);
create index servers_by_project on servers (project_id, created_at desc, id desc);
create index servers_by_project_and_name on servers (project_id, name text_pattern_ops);
-- Not on the state: it changes all the time, and an index that speaks of it would be written each time.
create index servers_terminated on servers (terminated_at) where terminated_at is not null;

create table ports (
  id uuid primary key,
  network_id uuid not null references networks,
  subnet_id uuid not null references subnets,
  project_id text not null references projects,
  server_id uuid references servers on delete set null,
  position integer not null default 0,
  mac macaddr not null unique,
  ip inet not null,
  name text not null default '',
  delete_on_termination boolean not null default true,
  created_at timestamptz not null default now(),
  unique (subnet_id, ip)
);
create index ports_by_server on ports (server_id, position);

-- Accepted requests. A sub-job is the part for one server, and the queue entry: there is no second copy of its state.
create table jobs (
  id uuid primary key,
  project_id text not null references projects,
  user_id text not null,
  request_id text not null,
  operation text not null,
  door text not null,
  order_id text,
  created_at timestamptz not null default now()
);
create index jobs_by_age on jobs (created_at);

create table sub_jobs (
  id uuid primary key,
  seq bigint generated always as identity,
  job_id uuid not null references jobs on delete cascade,
  position integer not null,
  operation text not null,
  door text not null,
  server_id uuid,
  node_id uuid,
  status text not null check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed')),
  input jsonb not null default '{}',
  step text,
  checkpoint jsonb not null default '{}',
  attempt integer not null default 0,
  run_at timestamptz not null default now(),
  deadline_ms bigint not null,
  deadline_at timestamptz not null,
  waits_for text,
  evidence text,
  evidence_at timestamptz,
  remedies text[] not null default '{}',
  error jsonb,
  owner integer,
  fence integer not null default 0,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  began_at timestamptz,
  ended_at timestamptz
);
create index sub_jobs_by_job on sub_jobs (job_id, position);
create index sub_jobs_due on sub_jobs (run_at, seq) where status in ('queued', 'waiting');
-- One operation per server is open at a time; one worker acts on a node at a time.
create unique index sub_jobs_open on sub_jobs (server_id) where ended_at is null;
create unique index sub_jobs_on_node on sub_jobs (node_id) where owner is not null;
create index sub_jobs_of_node on sub_jobs (node_id, seq);
create index sub_jobs_of_server on sub_jobs (server_id, seq);
create index sub_jobs_owned on sub_jobs (owner) where owner is not null;

-- The processes that share the work. Each holds an advisory lock of its number while it lives.
create table workers (
  number integer generated always as identity primary key,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default now()
);

-- Every move, in commit order: readers take rows whose transaction is older than every open one.
create table history (
  id bigint generated always as identity primary key,
  txid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  project_id text,
  server_id uuid,
  node_id uuid,
  job_id uuid,
  sub_job_id uuid,
  request_id text,
  actor text not null,
  reason text not null,
  operation text,
  from_state text,
  to_state text,
  task_state text,
  status text,
  lasted_ms bigint,
  evidence text
);
create index history_in_order on history (txid, id);
create index history_by_server on history (server_id, id);
create index history_by_node on history (node_id, id);

-- The simulated fleet. A pending change has a due time and is applied when somebody looks.
create table simulated_machines (
  node_id uuid primary key references nodes on delete cascade,
  power text not null default 'off',
  pending_power text,
  pending_at timestamptz,
  boot_device text not null default 'disk',
  image_id uuid,
  hostname text,
  deploy_ends_at timestamptz,
  deploy_began_at timestamptz,
  wipe_ends_at timestamptz,
  power_commands integer not null default 0,
  power_changes integer not null default 0,
  deploys integer not null default 0,
  wipes integer not null default 0
);

create table faults (
  id uuid primary key,
  target uuid not null, -- as asked: a server or a node
  node_id uuid not null references nodes on delete cascade,
  on_operation text not null,
  kind text not null check (kind in ('fail', 'timeout', 'unreachable', 'slow')),
  times integer not null,
  sub_jobs uuid[] not null default '{}', -- those that met it
  created_at timestamptz not null default now()
);
create index faults_by_node on faults (node_id);
