-- What an access key needs besides the pair: a lock after wrong signatures, and an end where it is temporary.
alter table access_keys
  add column failures integer not null default 0,
  add column locked_until timestamptz,
  -- of the security token that comes with a temporary key
  add column token_hash bytea,
  add column expires_at timestamptz,
  -- all that a temporary key is good for; null: whatever its user may do
  add column project_id text references projects on delete cascade,
  add check ((token_hash is null) = (expires_at is null));
create index access_keys_of_user on access_keys (user_id);
create index access_keys_by_end on access_keys (expires_at) where expires_at is not null;

-- Secrets with which programs log in to one project, in place of a user's password.
create table application_credentials (
  id text primary key,
  user_id text not null references users on delete cascade,
  project_id text not null references projects on delete cascade,
  name text not null,
  description text not null default '',
  secret_hash text not null,
  -- of the roles that the user holds there, those that count
  role_ids text[] not null,
  unrestricted boolean not null default false,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, name)
);

alter table tokens
  add column application_credential_id text references application_credentials on delete cascade;
create index tokens_of_application_credential on tokens (application_credential_id)
  where application_credential_id is not null;
