-- A machine that nobody has named a flavor for gets one when it has told what it is made of; until then it is not free.
alter table nodes
  alter column flavor_id drop not null,
  add constraint nodes_in_use_have_a_flavor check (flavor_id is not null or standing not in ('ready', 'in-use'));
