-- What was observed of machines. An alarm stands as long as its condition; its beginning and its end are events, and so
-- are the moves in the history that speak of hardware. Triggers write them, so that no statement that changes a machine
-- can forget it and nothing is told that was rolled back. `project_id` is whose machine it was then; null: nobody's.
create table alarms (
  id text primary key default 'ah' || left(replace(gen_random_uuid()::text, '-', ''), 22),
  node_id uuid not null references nodes on delete cascade,
  project_id text references projects on delete cascade,
  condition text not null,
  message text not null,
  began_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create unique index alarms_open on alarms (node_id, condition) where ended_at is null;
create index alarms_by_time on alarms (began_at, id);

create table node_events (
  id bigint generated always as identity primary key,
  node_id uuid not null references nodes on delete cascade,
  project_id text references projects on delete cascade,
  at timestamptz not null default clock_timestamp(),
  code text not null,
  is_over boolean not null default false,
  message text not null,
  origin jsonb not null default '{}'
);
create index node_events_by_time on node_events (at, id);
create index node_events_by_node on node_events (node_id, at, id);

create function owner_of(node nodes) returns text language sql stable as $$
  select coalesce((select project_id from servers where id = node.server_id), node.project_id)
$$;

create function watch_condition(node nodes, condition_now text, holds boolean, message_now text) returns void
language plpgsql as $$
begin
  if holds then
    insert into alarms (node_id, project_id, condition, message)
    values (node.id, owner_of(node), condition_now, message_now)
    on conflict (node_id, condition) where ended_at is null do nothing;
  else
    update alarms set ended_at = clock_timestamp(), last_at = clock_timestamp()
    where node_id = node.id and condition = condition_now and ended_at is null;
  end if;
  if found then
    insert into node_events (node_id, project_id, code, is_over, message, origin)
    values (node.id, owner_of(node), condition_now, not holds, message_now,
      jsonb_build_object('health', node.health, 'power', node.power, 'standing', node.standing));
  end if;
end $$;

create function watch_node() returns trigger language plpgsql as $$
begin
  perform watch_condition(new, 'health-critical', new.health = 'Critical',
    coalesce(nullif(new.note, ''), 'The machine reports health ' || new.health));
  perform watch_condition(new, 'health-warning', new.health = 'Warning', 'The machine reports health ' || new.health);
  perform watch_condition(new, 'bmc-unreachable', new.power = 'unknown' and old.power_seen_at is not null,
    case when new.power = 'unknown' then 'The BMC does not answer' else 'The BMC answers' end);
  perform watch_condition(new, 'quarantined', new.standing = 'quarantined',
    coalesce(nullif(new.note, ''), 'The machine stands as ' || new.standing));
  if old.power_disagreements = 0 and new.power_disagreements > 0 then
    insert into node_events (node_id, project_id, code, message, origin)
    values (new.id, owner_of(new), 'power-disagreement', 'The machine was found ' || new.power || ', against the record',
      jsonb_build_object('power', new.power, 'power_policy', new.power_policy));
  end if;
  return null;
end $$;

create trigger nodes_are_watched after update on nodes for each row when (
  old.health <> new.health
  or (old.power = 'unknown') <> (new.power = 'unknown')
  or (old.standing = 'quarantined') <> (new.standing = 'quarantined')
  or (old.power_disagreements = 0 and new.power_disagreements > 0))
  execute function watch_node();

create function watch_history() returns trigger language plpgsql as $$
begin
  insert into node_events (node_id, project_id, code, message, origin)
  select n.id, new.project_id,
    case when new.status = 'failed' then 'operation-failed'
      when new.actor = 'hardware' then 'hardware-fault'
      when new.from_state = 'Faulty' then 'fault-cleared'
      else 'power-followed' end,
    new.reason,
    jsonb_build_object('server_id', new.server_id, 'operation', new.operation, 'from', new.from_state,
      'to', new.to_state, 'evidence', left(new.evidence, 2000))
  from nodes n where n.id = new.node_id;
  return null;
end $$;

create trigger history_is_watched after insert on history for each row when (
  new.node_id is not null
  and (new.status = 'failed' or new.actor = 'hardware'
    or (new.actor = 'engine' and new.sub_job_id is null and new.from_state is not null)))
  execute function watch_history();

-- Exports of a machine's log; each holds what was known when it was asked for.
create table log_exports (
  id uuid primary key,
  node_id uuid not null references nodes on delete cascade,
  project_id text not null references projects on delete cascade,
  file_name text not null,
  content bytea not null,
  created_at timestamptz not null default now()
);
create index log_exports_by_node on log_exports (node_id, project_id, created_at);
