-- Links to serial consoles. They work once and for a short time; only their hashes are kept.
create table console_links (
  hash bytea primary key,
  server_id uuid references servers on delete cascade,
  node_id uuid references nodes on delete cascade,
  project_id text,
  user_id text not null references users on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz,
  check ((server_id is null) <> (node_id is null))
);
create index console_links_by_end on console_links (expires_at);
create index console_links_by_server on console_links (server_id);
create index console_links_by_node on console_links (node_id);

-- The last bytes that a machine wrote while somebody watched; they go with the server.
create table console_logs (
  server_id uuid primary key references servers on delete cascade,
  content bytea not null,
  updated_at timestamptz not null default now()
);
