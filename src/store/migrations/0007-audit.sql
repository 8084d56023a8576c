-- Who asked for a change, from where, and what came of it. A row outlives what it speaks of, so that it refers to
-- nothing: names stand beside ids.
create table audit (
  number bigint generated always as identity primary key,
  id uuid not null unique,
  at timestamptz not null default now(),
  account_id text, -- whose affair it was; null: nobody knows
  account_name text,
  project_id text,
  user_id text,
  user_name text,
  user_account_id text,
  user_account_name text,
  access_key text,
  source_ip text not null,
  request_id text not null,
  service text not null, -- name of the API
  route text not null,
  method text not null,
  name text not null, -- as in the audit trail of the published clouds
  action text, -- the documented permission
  resource_type text,
  resource_ids text[] not null default '{}',
  resource_name text,
  job_id uuid,
  status_code integer not null,
  error_code text
);
create index audit_of_account on audit (account_id, at desc, number desc);
create index audit_by_age on audit (at desc, number desc);
create index audit_of_resource on audit using gin (resource_ids);
