-- Health is read on a schedule of its own. One reading may be a sensor's hiccup; two equal ones are believed.
alter table nodes
  add column next_health_read_at timestamptz not null default now(),
  add column health_seen text not null default '';
create index nodes_by_next_health_read on nodes (next_health_read_at);

-- What the simulated machine's own sensors say.
alter table simulated_machines add column health text not null default 'OK';
