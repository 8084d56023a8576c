-- Machines of the provisioning network that are no nodes, by the network card that they booted from.
create table discovered_machines (
  mac text primary key,
  -- Of the ramdisk that was offered; it is good for nothing but the report of this machine.
  secret_hash bytea unique,
  offered_at timestamptz not null default now(),
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  -- What follows came from its ramdisk; null before it reported.
  macs text[],
  firmware text check (firmware in ('bios', 'uefi')),
  system_uuid text,
  bmc_address text,
  inventory jsonb
);
