-- Who may do what: policies of roles, groups, and identity policies that are attached to users and groups.

-- A role is of the installation or, as a custom policy, of one account. The document is kept as it was written.
alter table roles
  add column account_id text references accounts on delete cascade,
  add column display_name text not null default '',
  add column catalog text not null default '',
  add column type text not null default 'AA' check (type in ('AX', 'XA', 'AA')),
  add column policy json,
  add column is_system boolean not null default false,
  add column created_at timestamptz not null default now(),
  add column updated_at timestamptz not null default now();
create unique index roles_by_display_name on roles (account_id, display_name) where account_id is not null;

create table groups (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  description text not null default '',
  created_at timestamptz not null default now(),
  unique (account_id, name)
);

create table group_members (
  group_id text not null references groups on delete cascade,
  user_id text not null references users on delete cascade,
  primary key (group_id, user_id)
);
create index group_members_by_user on group_members (user_id);

-- Held by a user or a group, on a project, on an account, or on all projects of an account (inherited).
alter table role_assignments
  alter column user_id drop not null,
  add column group_id text references groups on delete cascade,
  add column inherited boolean not null default false,
  add check ((user_id is null) <> (group_id is null)),
  add check (not inherited or account_id is not null),
  drop constraint role_assignments_user_id_role_id_project_id_account_id_key,
  add constraint role_assignments_once
    unique nulls not distinct (user_id, group_id, role_id, project_id, account_id, inherited);
create index role_assignments_of_group on role_assignments (group_id) where group_id is not null;

-- Identity policies. A version is never changed; the default one counts. Without an account: of the installation.
create table policies (
  id text primary key,
  account_id text references accounts on delete cascade,
  name text not null,
  path text not null default '',
  description text not null default '',
  default_version integer not null default 1,
  latest_version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (account_id, name)
);

create table policy_versions (
  policy_id text not null references policies on delete cascade,
  version integer not null,
  document text not null,
  created_at timestamptz not null default now(),
  primary key (policy_id, version)
);

create table policy_attachments (
  policy_id text not null references policies,
  user_id text references users on delete cascade,
  group_id text references groups on delete cascade,
  created_at timestamptz not null default now(),
  check ((user_id is null) <> (group_id is null)),
  constraint policy_attachments_once unique nulls not distinct (policy_id, user_id, group_id)
);
create index policy_attachments_of_user on policy_attachments (user_id) where user_id is not null;
create index policy_attachments_of_group on policy_attachments (group_id) where group_id is not null;

-- An account has one root user at most, who may do all in it.
create unique index users_by_root on users (account_id) where is_root;
