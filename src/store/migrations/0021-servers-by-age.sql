-- The order of lists over all projects (`all_tenants`). It is spelled so that no list of one project is tempted: the
-- planner would walk over everybody's servers where a project has many of them (measured: half of them), also where
-- the project's are the oldest. Neither column changes when a server moves.
create index servers_by_age on servers ((created_at at time zone 'utc') desc, id desc);
