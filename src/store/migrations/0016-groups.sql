-- Security groups: what a project wants to let in and out of its servers. Each project has a default one.
create table security_groups (
  id uuid primary key default gen_random_uuid(),
  project_id text not null references projects on delete cascade,
  name text not null,
  description text not null default '',
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index security_groups_default on security_groups (project_id) where is_default;
create index security_groups_by_project on security_groups (project_id, name);

create table security_group_rules (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references security_groups on delete cascade,
  direction text not null check (direction in ('ingress', 'egress')),
  ether_type text not null check (ether_type in ('IPv4', 'IPv6')),
  protocol text, -- null: any
  port_min integer, -- of ICMP: type
  port_max integer, -- of ICMP: code
  remote_cidr cidr,
  remote_group_id uuid references security_groups on delete cascade,
  description text not null default '',
  created_at timestamptz not null default now(),
  unique nulls not distinct (group_id, direction, ether_type, protocol, port_min, port_max, remote_cidr,
    remote_group_id)
);
create index security_group_rules_by_remote on security_group_rules (remote_group_id)
  where remote_group_id is not null;

create table server_security_groups (
  server_id uuid not null references servers on delete cascade,
  group_id uuid not null references security_groups on delete cascade,
  primary key (server_id, group_id)
);
create index server_security_groups_by_group on server_security_groups (group_id);

-- As Neutron makes it: everything out, and in from one another.
create function make_default_security_group() returns trigger language plpgsql as $$
declare made uuid;
begin
  insert into security_groups (project_id, name, description, is_default)
  values (new.id, 'default', 'Default security group', true) returning id into made;
  insert into security_group_rules (group_id, direction, ether_type, remote_group_id)
  values (made, 'egress', 'IPv4', null), (made, 'egress', 'IPv6', null),
    (made, 'ingress', 'IPv4', made), (made, 'ingress', 'IPv6', made);
  return new;
end $$;
create trigger project_has_default_security_group after insert on projects
  for each row execute function make_default_security_group();

-- A server for which nobody chose is in the default group of its project.
create function put_into_default_security_group() returns trigger language plpgsql as $$
begin
  insert into server_security_groups (server_id, group_id)
  select n.id, g.id from new_servers n join security_groups g on g.project_id = n.project_id and g.is_default;
  return null;
end $$;
create trigger server_has_security_group after insert on servers
  referencing new table as new_servers
  for each statement execute function put_into_default_security_group();

insert into security_groups (project_id, name, description, is_default)
select id, 'default', 'Default security group', true from projects;
insert into security_group_rules (group_id, direction, ether_type, remote_group_id)
select g.id, d.direction, e.ether_type, case when d.direction = 'ingress' then g.id end
from security_groups g, (values ('egress'), ('ingress')) d (direction), (values ('IPv4'), ('IPv6')) e (ether_type);
insert into server_security_groups (server_id, group_id)
select v.id, g.id from servers v join security_groups g on g.project_id = v.project_id and g.is_default;

-- Servers that are to stand apart from each other.
create table server_groups (
  id uuid primary key,
  project_id text not null references projects on delete cascade,
  user_id text not null,
  name text not null,
  policy text not null check (policy in ('anti-affinity', 'soft-anti-affinity')),
  created_at timestamptz not null default now()
);
create index server_groups_by_project on server_groups (project_id, created_at, id);
alter table servers add column server_group_id uuid references server_groups on delete set null;
create index servers_by_server_group on servers (server_group_id) where server_group_id is not null;
