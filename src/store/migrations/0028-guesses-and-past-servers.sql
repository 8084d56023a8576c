-- Guesses are counted by where they come from, so that nobody's guesses keep the owner of a secret out.
create table login_attempts (
  -- A user, an application credential or an access key; empty: somebody who does not exist.
  subject text not null,
  -- Empty: all from which nobody has logged in lately, together.
  origin text not null,
  failures integer not null default 0,
  -- What was counted is void from then on; where that was too much, it is the end of the lock.
  counts_until timestamptz not null default now(),
  -- The right secret has come from there; until then it is no stranger.
  known_until timestamptz,
  primary key (subject, origin)
);

create index login_attempts_by_end on login_attempts (greatest(counts_until, known_until));

alter table users
  drop column failed_logins,
  drop column locked_until;

alter table access_keys
  drop column failures,
  drop column locked_until;

-- What a server was that is no longer readable, for those who count what was used.
create table past_servers (
  id uuid primary key,
  project_id text not null,
  name text not null,
  flavor_name text not null,
  vcpus integer not null,
  ram_mib integer not null,
  disk_gb integer not null,
  launched_at timestamptz not null,
  terminated_at timestamptz not null
);

create index past_servers_by_project on past_servers (project_id, terminated_at);
create index past_servers_by_end on past_servers (terminated_at);
