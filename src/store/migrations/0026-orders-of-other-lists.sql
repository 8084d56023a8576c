-- Lists of servers by name, images, alarms, events, machines, server groups and the audit trail are ranges of these.
-- By name as it is sorted; where it begins with something is looked up by its parts (search-indexes.ts).
drop index servers_by_project_and_name;
create index servers_by_project_and_name on servers (project_id, name, id);

drop index images_by_project;
create index images_by_project on images (project_id, created_at desc, id desc);
create index images_by_project_and_name on images (project_id, name, id);
create index images_of_all on images (created_at desc, id desc) where visibility = 'public';
create index images_of_all_by_name on images (name, id) where visibility = 'public';
create index images_of_communities on images (created_at desc, id desc) where visibility = 'community';

create index alarms_by_project on alarms (project_id, began_at desc, id desc);
create index alarms_of_nobody on alarms (began_at desc, id desc) where project_id is null;
create index node_events_by_project on node_events (project_id, at desc, id desc);
create index node_events_of_nobody on node_events (at desc, id desc) where project_id is null;

-- What a machine stands as changes when it is rented and released, as `nodes_free` knows already.
create index nodes_idle on nodes (id) where project_id is null and server_id is null;
create index nodes_by_project on nodes (project_id, id) where project_id is not null;
create index nodes_standing_apart on nodes (standing, id) where standing not in ('ready', 'in-use');

create index server_groups_by_age on server_groups (created_at, id);

-- Spelled so that the trail of one account is never looked for in that of all (as in 0021).
drop index audit_of_account;
create index audit_of_account on audit (account_id, (at at time zone 'utc') desc, number desc);
create index audit_of_project on audit (project_id, (at at time zone 'utc') desc, number desc)
  where project_id is not null;
create index audit_of_no_project on audit (account_id, (at at time zone 'utc') desc, number desc)
  where project_id is null;
