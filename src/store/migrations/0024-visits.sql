-- A node whose BMC is being visited on a round, and how long that keeps every other process from visiting it as well.
alter table nodes add column visited_until timestamptz;
