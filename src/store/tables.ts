/** Generated from the migrations (npm run tables). */
import type { ColumnType } from 'kysely';

export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>;

export type Json = JsonValue;

export type JsonArray = JsonValue[];

export type JsonObject = {
  [x: string]: JsonValue | undefined;
};

export type JsonPrimitive = boolean | number | string | null;

export type JsonValue = JsonArray | JsonObject | JsonPrimitive;

export type Timestamp = ColumnType<Date, Date | string, Date | string>;

export interface AccessKeys {
  access: string;
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  enabled: Generated<boolean>;
  expires_at: Timestamp | null;
  project_id: string | null;
  secret_sealed: Buffer;
  token_hash: Buffer | null;
  user_id: string;
}

export interface Accounts {
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  enabled: Generated<boolean>;
  id: string;
  name: string;
}

export interface Alarms {
  began_at: Generated<Timestamp>;
  condition: string;
  ended_at: Timestamp | null;
  id: Generated<string>;
  last_at: Generated<Timestamp>;
  message: string;
  node_id: string;
  project_id: string | null;
}

export interface AnsweredRequests {
  answer: Buffer;
  created_at: Generated<Timestamp>;
  fingerprint: string;
  key: string;
  project_id: string;
}

export interface ApplicationCredentials {
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  expires_at: Timestamp | null;
  id: string;
  name: string;
  project_id: string;
  role_ids: string[];
  secret_hash: string;
  unrestricted: Generated<boolean>;
  user_id: string;
}

export interface Attachments {
  attached_at: Generated<Timestamp>;
  delete_on_termination: Generated<boolean>;
  device: string;
  server_id: string;
  volume_id: string;
}

export interface Audit {
  access_key: string | null;
  account_id: string | null;
  account_name: string | null;
  action: string | null;
  at: Generated<Timestamp>;
  error_code: string | null;
  id: string;
  job_id: string | null;
  method: string;
  name: string;
  number: Generated<number>;
  project_id: string | null;
  request_id: string;
  resource_ids: Generated<string[]>;
  resource_name: string | null;
  resource_type: string | null;
  route: string;
  service: string;
  source_ip: string;
  status_code: number;
  user_account_id: string | null;
  user_account_name: string | null;
  user_id: string | null;
  user_name: string | null;
}

export interface BootSessions {
  began_at: Generated<Timestamp>;
  deploy_order: Json | null;
  evidence: string;
  evidence_at: Generated<Timestamp>;
  home_key: string;
  id: string;
  is_current: Generated<boolean>;
  kind: string;
  log_tail: Generated<string>;
  method: string;
  node_id: string;
  secret_hash: Buffer | null;
  server_id: string | null;
  stage: string;
  stage_at: Generated<Timestamp>;
  starts: Generated<number>;
}

export interface BootSigns {
  at: Generated<Timestamp>;
  detail: Generated<string>;
  id: Generated<number>;
  session_id: string;
  sign: string;
}

export interface ConsoleLinks {
  expires_at: Timestamp;
  hash: Buffer;
  node_id: string | null;
  project_id: string | null;
  server_id: string | null;
  used_at: Timestamp | null;
  user_id: string;
}

export interface ConsoleLogs {
  content: Buffer;
  server_id: string;
  updated_at: Generated<Timestamp>;
}

export interface Descriptions {
  description: string;
  project_id: string;
  resource_id: string;
}

export interface DiscoveredMachines {
  bmc_address: string | null;
  firmware: string | null;
  first_seen_at: Generated<Timestamp>;
  inventory: Json | null;
  last_seen_at: Generated<Timestamp>;
  mac: string;
  macs: string[] | null;
  offered_at: Generated<Timestamp>;
  secret_hash: Buffer | null;
  system_uuid: string | null;
}

export interface Faults {
  created_at: Generated<Timestamp>;
  id: string;
  kind: string;
  node_id: string;
  on_operation: string;
  sub_jobs: Generated<string[]>;
  target: string;
  times: number;
}

export interface Flavors {
  created_at: Generated<Timestamp>;
  disk_gb: number;
  enabled: Generated<boolean>;
  extra_specs: Generated<Json>;
  id: string;
  name: string;
  ram_mib: number;
  vcpus: number;
}

export interface GroupMembers {
  group_id: string;
  user_id: string;
}

export interface Groups {
  account_id: string;
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  id: string;
  name: string;
}

export interface History {
  actor: string;
  at: Generated<Timestamp>;
  evidence: string | null;
  from_state: string | null;
  id: Generated<number>;
  job_id: string | null;
  lasted_ms: number | null;
  node_id: string | null;
  operation: string | null;
  project_id: string | null;
  reason: string;
  request_id: string | null;
  server_id: string | null;
  status: string | null;
  sub_job_id: string | null;
  task_state: string | null;
  to_state: string | null;
  txid: Generated<string>;
}

export interface ImageFiles {
  form: string;
  raw_size_bytes: number;
  sha256: string;
  size_bytes: number;
  used_at: Generated<Timestamp>;
}

export interface ImageMembers {
  created_at: Generated<Timestamp>;
  image_id: string;
  project_id: string;
  status: Generated<string>;
  updated_at: Generated<Timestamp>;
}

export interface Images {
  container_format: string | null;
  created_at: Generated<Timestamp>;
  disk_file: string | null;
  disk_format: string | null;
  failure: string | null;
  id: string;
  is_hidden: Generated<boolean>;
  is_protected: Generated<boolean>;
  md5: string | null;
  min_disk_gb: Generated<number>;
  min_ram_mib: Generated<number>;
  name: string;
  os_bits: Generated<number>;
  os_type: Generated<string>;
  project_id: string | null;
  properties: Generated<Json>;
  sha512: string | null;
  size_bytes: Generated<number>;
  source_file: string | null;
  status: Generated<string>;
  tags: Generated<string[]>;
  updated_at: Generated<Timestamp>;
  visibility: Generated<string>;
}

export interface ImageTransfers {
  attempt: Generated<number>;
  created_at: Generated<Timestamp>;
  ended_at: Timestamp | null;
  error: string | null;
  hash_algorithm: string | null;
  hash_value: string | null;
  id: string;
  image_id: string;
  lease_until: Timestamp | null;
  method: string;
  owner: string | null;
  received_bytes: Generated<number>;
  request_id: string;
  run_at: Generated<Timestamp>;
  succeeded: boolean | null;
  total_bytes: number | null;
  uri: string | null;
  user_id: string;
}

export interface Inspections {
  began_at: Generated<Timestamp>;
  deadline_at: Timestamp;
  due_at: Generated<Timestamp>;
  ended_at: Timestamp | null;
  evidence: string;
  fence: Generated<number>;
  id: string;
  is_begun: Generated<boolean>;
  node_id: string;
  status: string;
}

export interface Installation {
  is_only: Generated<boolean>;
  key_proof: Buffer;
}

export interface Jobs {
  created_at: Generated<Timestamp>;
  door: string;
  id: string;
  operation: string;
  order_id: string | null;
  project_id: string;
  request_id: string;
  user_id: string;
}

export interface Keypairs {
  created_at: Generated<Timestamp>;
  fingerprint: string;
  id: Generated<number>;
  name: string;
  public_key: string;
  type: Generated<string>;
  user_id: string;
}

export interface LogExports {
  content: Buffer;
  created_at: Generated<Timestamp>;
  file_name: string;
  id: string;
  node_id: string;
  project_id: string;
}

export interface LoginAttempts {
  counts_until: Generated<Timestamp>;
  failures: Generated<number>;
  known_until: Timestamp | null;
  origin: string;
  subject: string;
}

export interface Networks {
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  id: string;
  name: string;
  project_id: string | null;
  vpc_id: string;
}

export interface NodeEvents {
  at: Generated<Timestamp>;
  code: string;
  id: Generated<number>;
  is_over: Generated<boolean>;
  message: string;
  node_id: string;
  origin: Generated<Json>;
  project_id: string | null;
}

export interface Nodes {
  bmc_address: Generated<string>;
  bmc_certificate: string | null;
  bmc_habits: Generated<Json>;
  bmc_secret: Buffer | null;
  bmc_secret_next: Buffer | null;
  bmc_system: string | null;
  bmc_username: Generated<string>;
  boot_method: string | null;
  created_at: Generated<Timestamp>;
  driver: string;
  firmware: string | null;
  flavor_id: string | null;
  health: Generated<string>;
  health_seen: Generated<string>;
  id: string;
  inspection: string | null;
  inventory: Json | null;
  macs: Generated<string[]>;
  name: string;
  next_health_read_at: Generated<Timestamp>;
  next_power_read_at: Generated<Timestamp>;
  note: Generated<string>;
  password_due_at: Timestamp | null;
  password_failures: Generated<number>;
  password_note: Generated<string>;
  power: Generated<string>;
  power_disagreements: Generated<number>;
  power_policy: Generated<string>;
  power_seen_at: Timestamp | null;
  project_id: string | null;
  rack: Generated<string>;
  rack_id: Generated<string | null>;
  room: Generated<string>;
  room_id: Generated<string>;
  server_id: string | null;
  standing: string;
  unit: Generated<number>;
  updated_at: Generated<Timestamp>;
  visited_until: Timestamp | null;
  zone: string;
}

export interface PastServers {
  disk_gb: number;
  flavor_name: string;
  id: string;
  launched_at: Timestamp;
  name: string;
  project_id: string;
  ram_mib: number;
  terminated_at: Timestamp;
  vcpus: number;
}

export interface Policies {
  account_id: string | null;
  created_at: Generated<Timestamp>;
  default_version: Generated<number>;
  description: Generated<string>;
  id: string;
  latest_version: Generated<number>;
  name: string;
  path: Generated<string>;
  updated_at: Generated<Timestamp>;
}

export interface PolicyAttachments {
  created_at: Generated<Timestamp>;
  group_id: string | null;
  policy_id: string;
  user_id: string | null;
}

export interface PolicyVersions {
  created_at: Generated<Timestamp>;
  document: string;
  policy_id: string;
  version: number;
}

export interface Ports {
  address_pairs: Generated<string[]>;
  created_at: Generated<Timestamp>;
  delete_on_termination: Generated<boolean>;
  id: string;
  ip: string;
  mac: string;
  name: Generated<string>;
  network_id: string;
  position: Generated<number>;
  project_id: string;
  server_id: string | null;
  subnet_id: string;
}

export interface Projects {
  account_id: string;
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  enabled: Generated<boolean>;
  id: string;
  name: string;
}

export interface RoleAssignments {
  account_id: string | null;
  group_id: string | null;
  inherited: Generated<boolean>;
  project_id: string | null;
  role_id: string;
  user_id: string | null;
}

export interface Roles {
  account_id: string | null;
  catalog: Generated<string>;
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  display_name: Generated<string>;
  id: string;
  is_system: Generated<boolean>;
  name: string;
  policy: Json | null;
  type: Generated<string>;
  updated_at: Generated<Timestamp>;
}

export interface SecurityGroupRules {
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  direction: string;
  ether_type: string;
  group_id: string;
  id: Generated<string>;
  port_max: number | null;
  port_min: number | null;
  protocol: string | null;
  remote_cidr: string | null;
  remote_group_id: string | null;
}

export interface SecurityGroups {
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  id: Generated<string>;
  is_default: Generated<boolean>;
  name: string;
  project_id: string;
  updated_at: Generated<Timestamp>;
}

export interface ServerGroups {
  created_at: Generated<Timestamp>;
  id: string;
  name: string;
  policy: string;
  project_id: string;
  user_id: string;
}

export interface Servers {
  admin_password_hash: string | null;
  created_at: Generated<Timestamp>;
  deleting_from: string | null;
  description: string;
  door: string;
  encrypted_password: Generated<string>;
  enterprise_project_id: Generated<string>;
  fault: Json | null;
  flavor_id: string;
  id: string;
  image_id: string;
  key_name: string | null;
  launch_index: Generated<number>;
  launched_at: Timestamp | null;
  locked: Generated<boolean>;
  metadata: Generated<Json>;
  metadata_options: Generated<Json>;
  name: string;
  nics: Generated<Json>;
  node_id: string | null;
  number: Generated<number>;
  power: Generated<string>;
  project_id: string;
  provisioning: string | null;
  provisioning_outcome: string | null;
  public_key: string | null;
  reservation_id: string;
  scheduler_hints: Generated<Json>;
  server_group_id: string | null;
  state: string;
  tags: Generated<string[]>;
  task_state: string | null;
  terminated_at: Timestamp | null;
  updated_at: Generated<Timestamp>;
  user_data: string | null;
  user_id: string;
  vpc_id: string | null;
  zone: string;
}

export interface ServerSecurityGroups {
  group_id: string;
  server_id: string;
}

export interface SimulatedMachines {
  boot_device: Generated<string>;
  deploy_began_at: Timestamp | null;
  deploy_ends_at: Timestamp | null;
  deploys: Generated<number>;
  health: Generated<string>;
  hostname: string | null;
  image_id: string | null;
  node_id: string;
  pending_at: Timestamp | null;
  pending_power: string | null;
  power: Generated<string>;
  power_changes: Generated<number>;
  power_commands: Generated<number>;
  wipe_ends_at: Timestamp | null;
  wipes: Generated<number>;
}

export interface SubJobs {
  attempt: Generated<number>;
  began_at: Timestamp | null;
  checkpoint: Generated<Json>;
  created_at: Generated<Timestamp>;
  deadline_at: Timestamp;
  deadline_ms: number;
  door: string;
  ended_at: Timestamp | null;
  error: Json | null;
  evidence: string | null;
  evidence_at: Timestamp | null;
  fence: Generated<number>;
  id: string;
  input: Generated<Json>;
  job_id: string;
  lease_until: Timestamp | null;
  node_id: string | null;
  operation: string;
  owner: number | null;
  position: number;
  remedies: Generated<string[]>;
  run_at: Generated<Timestamp>;
  seq: Generated<number>;
  server_id: string | null;
  status: string;
  step: string | null;
  waits_for: string | null;
}

export interface Subnets {
  cidr: string;
  created_at: Generated<Timestamp>;
  cursor: Generated<number>;
  dns: Generated<string[]>;
  gateway_ip: string;
  id: string;
  name: string;
  network_id: string;
}

export interface Tags {
  key: string;
  project_id: string;
  resource_id: string;
  value: Generated<string>;
}

export interface Tokens {
  account_id: string | null;
  application_credential_id: string | null;
  audit_id: string;
  expires_at: Timestamp;
  hash: Buffer;
  issued_at: Timestamp;
  methods: string[];
  project_id: string | null;
  user_id: string;
}

export interface Users {
  account_id: string;
  created_at: Generated<Timestamp>;
  default_project_id: string | null;
  description: Generated<string>;
  email: string | null;
  enabled: Generated<boolean>;
  id: string;
  is_root: Generated<boolean>;
  name: string;
  password_hash: string | null;
}

export interface Volumes {
  bootable: Generated<boolean>;
  created_at: Generated<Timestamp>;
  description: Generated<string>;
  id: string;
  metadata: Generated<Json>;
  name: string;
  project_id: string;
  shareable: Generated<boolean>;
  size_gb: number;
  type: string;
  updated_at: Generated<Timestamp>;
  user_id: string;
  zone: string;
}

export interface Workers {
  host: string;
  number: Generated<number>;
  pid: number;
  started_at: Generated<Timestamp>;
}

export interface Tables {
  access_keys: AccessKeys;
  accounts: Accounts;
  alarms: Alarms;
  answered_requests: AnsweredRequests;
  application_credentials: ApplicationCredentials;
  attachments: Attachments;
  audit: Audit;
  boot_sessions: BootSessions;
  boot_signs: BootSigns;
  console_links: ConsoleLinks;
  console_logs: ConsoleLogs;
  descriptions: Descriptions;
  discovered_machines: DiscoveredMachines;
  faults: Faults;
  flavors: Flavors;
  group_members: GroupMembers;
  groups: Groups;
  history: History;
  image_files: ImageFiles;
  image_members: ImageMembers;
  image_transfers: ImageTransfers;
  images: Images;
  inspections: Inspections;
  installation: Installation;
  jobs: Jobs;
  keypairs: Keypairs;
  log_exports: LogExports;
  login_attempts: LoginAttempts;
  networks: Networks;
  node_events: NodeEvents;
  nodes: Nodes;
  past_servers: PastServers;
  policies: Policies;
  policy_attachments: PolicyAttachments;
  policy_versions: PolicyVersions;
  ports: Ports;
  projects: Projects;
  role_assignments: RoleAssignments;
  roles: Roles;
  security_group_rules: SecurityGroupRules;
  security_groups: SecurityGroups;
  server_groups: ServerGroups;
  server_security_groups: ServerSecurityGroups;
  servers: Servers;
  simulated_machines: SimulatedMachines;
  sub_jobs: SubJobs;
  subnets: Subnets;
  tags: Tags;
  tokens: Tokens;
  users: Users;
  volumes: Volumes;
  workers: Workers;
}
