-- What a driver found out about a BMC by trying: the winner of each of its ladders that is not the ladder's first rung.
alter table nodes add column bmc_habits jsonb not null default '{}';
