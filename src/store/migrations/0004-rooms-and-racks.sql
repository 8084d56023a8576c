-- Where machines stand. Rooms and racks are attributes of nodes; their ids follow from the names, so that they are
-- the same at every look and nothing must be enrolled twice. A room without a name is the zone's only one.
alter table nodes add column room text not null default '';
alter table nodes add column room_id uuid not null
  generated always as (md5('room' || chr(10) || zone || chr(10) || room)::uuid) stored;
alter table nodes add column rack_id uuid
  generated always as (case when rack <> ''
    then md5('rack' || chr(10) || zone || chr(10) || room || chr(10) || rack)::uuid end) stored;
create index nodes_by_room on nodes (room_id);
create index nodes_by_rack on nodes (rack_id);

-- What a project says of machines, racks and rooms. They may be shared, so that each project has its own words.
create table tags (
  project_id text not null references projects on delete cascade,
  resource_id uuid not null,
  key text not null,
  value text not null default '',
  primary key (project_id, resource_id, key)
);

create table descriptions (
  project_id text not null references projects on delete cascade,
  resource_id uuid not null,
  description text not null,
  primary key (project_id, resource_id)
);
