-- Lists of ports, networks, subnets, security groups and volumes are ranges of these. None is written when a server moves.
create index ports_by_project on ports (project_id, id);
create index ports_by_network on ports (network_id, project_id, id);
create index ports_by_name on ports (project_id, name, id) where name <> '';
create index networks_by_project on networks (project_id, name, id);
create index networks_by_project_and_vpc on networks (project_id, vpc_id);
create index networks_of_all on networks (name, id) where project_id is null;
create index networks_of_all_by_vpc on networks (vpc_id) where project_id is null;
create index subnets_by_network on subnets (network_id, created_at, id);
create index subnets_by_address on subnets using gist (cidr inet_ops);
drop index security_groups_by_project;
create index security_groups_by_project on security_groups (project_id, name, id);
create index security_groups_in_order on security_groups (project_id, (not is_default), name, id);
create index volumes_by_name on volumes (project_id, name);
