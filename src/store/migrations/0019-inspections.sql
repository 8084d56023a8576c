-- Machines that are inspected by the ramdisk, without a server on them.
alter table nodes
  -- The inspection under way. In the node's own row, so that whoever waits for its lock sees it.
  add column inspection uuid;

-- The latest of each node.
create table inspections (
  node_id uuid primary key references nodes on delete cascade,
  id uuid not null,
  status text not null check (status in ('under-way', 'succeeded', 'failed')),
  -- Whether its boot session is there.
  is_begun boolean not null default false,
  -- Counts the claims: who holds an older one writes nothing.
  fence integer not null default 0,
  due_at timestamptz not null default now(),
  evidence text not null,
  began_at timestamptz not null default now(),
  deadline_at timestamptz not null,
  ended_at timestamptz
);
create index inspections_due on inspections (due_at) where status = 'under-way';
