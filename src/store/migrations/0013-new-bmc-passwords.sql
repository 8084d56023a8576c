-- A new password of a BMC on its way: kept here before the BMC is told, and put in the old one's place when the BMC was
-- seen to accept it. A crash in between leaves both, and the next pass finds out which one holds.
alter table nodes
  add column bmc_secret_next bytea,
  add column password_due_at timestamptz,
  add column password_failures integer not null default 0,
  add column password_note text not null default '';
create index nodes_with_new_password on nodes (password_due_at) where bmc_secret_next is not null;
