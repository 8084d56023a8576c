/** Where the documents differ among themselves or from what clients take, and what Ingot does. */

export interface Difference {
  topic: string;
  /** Who says what. */
  sources: string;
  settled: string;
  /** Points of the tables that are therefore not as written there: `ID status`, `ID field`, `ID code`. */
  met?: string[];
}

/** Calls that are documented and not offered yet, with all that is said of them. */
export const awaited: readonly string[] = [];

export const settled: Difference[] = [
  {
    topic: 'Code of start, stop and reboot in Nova (N09–N11)',
    sources: 'BMS reference 204; upstream and the Go clients 202, which refuse 204',
    settled:
      '204, and 202 for the Go clients, which are known by their User-Agent; one of them always by setting',
  },
  {
    topic: 'Code of create in Nova (N03)',
    sources: 'BMS reference 200; upstream 202',
    settled: '202, which every known client takes',
  },
  {
    topic: 'Code of detaching a volume in Nova (N27)',
    sources: 'BMS reference 200; upstream 202; the Go client takes 202 and 204 only',
    settled: '202',
    met: ['N27 status'],
  },
  {
    topic: 'Code of putting a tag in Nova (N35)',
    sources: 'BMS reference 204; upstream 201 for a new tag and 204 for one that is there',
    settled: 'as upstream',
  },
  {
    topic: 'Code of deleting a key pair (N31)',
    sources: 'BMS reference 204; upstream 202 before microversion 2.2',
    settled: 'as upstream: 202 at 2.1, 204 from 2.2',
  },
  {
    topic: 'Code of clearing a password (V35)',
    sources: 'page 202; the Huawei Terraform provider takes 204 only',
    settled: '204',
    met: ['V35 status'],
  },
  {
    topic: 'Code of changing a NIC (V20)',
    sources: 'OTC 204, Huawei Cloud 200',
    settled: '200: PUT with 204 is an error to Go clients',
  },
  {
    topic: 'Code of attaching and detaching (V22, V23)',
    sources: 'pages 202; API Explorer 200',
    settled: '202',
  },
  {
    topic: 'Servers in one create (V03)',
    sources: 'pages 24; API Explorer 100',
    settled: '24; more is BMS.0205',
  },
  {
    topic: 'Numbers of the flavor in the short list (V06)',
    sources: 'schema integers; sample text',
    settled: 'integers, for generated clients are made from the schema',
  },
  {
    topic: 'Count of a list (V05)',
    sources: 'OTC all that match; Huawei Cloud at most a page',
    settled: 'all that match',
  },
  {
    topic: 'Offset of a list (V05)',
    sources: 'pages a page number from 1; the Huawei Terraform provider the records it has',
    settled: 'a page number; a page beyond the last is empty, which ends the loop of that provider',
  },
  {
    topic: 'Words of vm_state',
    sources: 'samples active and stopped; an enum active, shutoff, reboot',
    settled: 'those of Nova: active, stopped, building, error, deleted',
  },
  {
    topic: 'Numbers of power_state',
    sources: 'v1 0, 1, 4; the legend of the Nova pages has 0 to 4 with another meaning',
    settled: '0 no state, 1 running, 4 shut down, as all samples have it',
  },
  {
    topic: 'Status of a stopped server',
    sources: 'the list of OTC has no SHUTOFF; its samples do',
    settled: 'SHUTOFF',
  },
  {
    topic: 'Length of a tag key',
    sources: '36 for create; 127 for delete on an older page',
    settled: '36 to create, 127 to delete',
  },
  {
    topic: 'Resource type in the metadata',
    sources: 'OTC `__type_baremetal`; newer pages `hws.resource.type.pm`',
    settled: '`__type_baremetal`; the orders of the billing API say `hws.resource.type.pm`',
  },
  {
    topic: 'Tags of a create (V03)',
    sources: 'a list of key and value; an older page a map',
    settled: 'either',
  },
  {
    topic: 'NICs of a server',
    sources: 'create 2; adding 10 in one call',
    settled: 'as written: 2 in a create, 10 in a call that adds',
  },
  {
    topic: 'Keys of `addresses`',
    sources:
      'BMS reference the id of the VPC; the Terraform provider of OTC compares them with the network’s name',
    settled: 'v1 the id of the VPC; Nova the name of the network. N18 takes either',
  },
  {
    topic: 'A server that is deleted',
    sources: 'v1 readable with status DELETED; Nova 404',
    settled: 'as each: v1 for a retention time (INGOT_RETENTION_MINUTES), Nova 404 at once',
  },
  {
    topic: 'A create that fails',
    sources: 'v1 the server is taken away and the job fails; Nova a server in ERROR with a fault',
    settled: 'as each',
  },
  {
    topic: 'A batch of which some servers are in a wrong state',
    sources: 'undocumented: refused at once, or in the job',
    settled:
      'refused when all are; else the others run and the job fails with their codes. A setting has it otherwise',
  },
  {
    topic: 'State codes without a number (reinstalling, changing the system, metadata)',
    sources: 'no code is tied to them',
    settled: 'BMS.0006 with the state and the states that would do',
  },
  {
    topic: 'Unknown job (V36)',
    sources: 'undocumented',
    settled: '404 with BMS.0018',
  },
  {
    topic: 'Public addresses',
    sources: 'create may ask for one (BMS.0071 to BMS.0079)',
    settled: 'wrong wishes get their codes, a good one BMS.0017: there are none to give',
  },
  {
    topic: 'Codes for what Ingot does not have',
    sources:
      'prices and orders of a shop (BMS.0020, .0215, .0216, .0218), RAID by request (.0316–.0330), IPv6 (.0331, .0333, .0400), enterprise projects (.0291–.0294), separate services for disks, addresses and tokens (.0008–.0010, .0013, .0023, .0055, .0078, .3004–.3021, .3028–.3033, .3038)',
    settled: 'never sent; what they would tell of the inside is said by BMS.0006, BMS.0212 or BMS.3037',
  },
  {
    topic: 'Root of the origin',
    sources: 'one origin serves all; Keystone, BMS and Nova each have a version list at their root',
    settled:
      'Keystone’s with 300; those of the others where the host name begins with bms, ecs, nova or compute',
  },
  {
    topic: 'CloudDC: codes of errors',
    sources: 'the envelope is documented, the codes are not; 403 and 404 are never listed',
    settled:
      'CloudDC.0001 to .0003, .0403, .0404, .0500; 404 for what the path names, 403 for a denied action',
  },
  {
    topic: 'CloudDC: refusal in a wrong state',
    sources: 'undocumented; 409 is not listed',
    settled: '400 with CloudDC.0002; SDKs treat all of 4xx alike',
  },
  {
    topic: 'CloudDC: deleting an instance that runs',
    sources: 'the diagram has no such arrow',
    settled: 'refused; power it off first',
  },
  {
    topic: 'CloudDC: the word for being deleted',
    sources: 'diagram `shutting_down`; models `shutting-down`',
    settled: '`shutting-down`; the filter takes either',
  },
  {
    topic: 'CloudDC: reinstalling',
    sources: 'the page from running; the diagram from stopped',
    settled: 'from either, and from error, which is the retry; `pending` meanwhile',
  },
  {
    topic: 'CloudDC: changing the password (C08)',
    sources: 'the page running; the diagram stopped',
    settled: 'either; a simple one is not refused, as the page says',
  },
  {
    topic: 'CloudDC: which machine an instance gets',
    sources: 'a random idle one',
    settled: 'one that is dedicated to the project first, then one of the pool',
  },
  {
    topic: 'CloudDC: several instances of one name (C02)',
    sources: 'a suffix is not documented',
    settled: 'all have the name that was asked for',
  },
  {
    topic: 'CloudDC: marker of a list',
    sources: 'the id of the last record; the address of the next page',
    settled: 'the id; `next_marker` is null on the last page',
  },
  {
    topic: 'CloudDC: page size',
    sources: 'default 10; one page 1000',
    settled: '10; below 10 is 10, above 1000 is 1000',
  },
  {
    topic: 'CloudDC: words of an export (C16, C17)',
    sources: 'models `processing` and `completed`; one sample `Running`',
    settled: 'those of the models',
  },
  {
    topic: 'CloudDC: terminated instances',
    sources: 'undocumented',
    settled: 'listed for the same retention time as deleted servers in v1',
  },
  {
    topic: 'CloudDC: an instance that never started',
    sources: 'the models demand `launched_at`',
    settled: 'an empty text',
  },
  {
    topic: 'CloudDC: permissions of C02 and of some lists',
    sources: 'not found',
    settled: 'clouddc:instance:createBatch, clouddc:idc:list, clouddc:irack:list, clouddc::listAlarmStat',
  },
  {
    topic: 'CloudDC: answers of changing rooms and racks (C30, C32)',
    sources: 'a text, word for word; not whether it is JSON',
    settled: 'the text as it is, as text/plain',
  },
  {
    topic: 'Cloud Trace: whose traces are shown',
    sources: 'cts:trace:list shows those of the account; OpenStack’s roles know no such service',
    settled:
      'all of the project to whoever is allowed cts:trace:list (administrators, the root user, Tenant Administrator, Tenant Guest, policies); to everybody else, member and reader among them, what they did themselves',
  },
  {
    topic: 'Condition keys on tags in policies',
    sources:
      'a key counts for the resources listed with an action; an action without a resource is not spoken of',
    settled:
      'g:ResourceTag has a value for single servers, physical servers and racks only: a list is refused, never filtered',
  },
  {
    topic: 'nova refresh-network (os-server-external-events)',
    sources:
      'upstream: how Neutron tells Nova that addresses changed; in no published reference of either cloud',
    settled:
      'not served (404): servers show the addresses of the network API itself, and there is nothing to refresh',
  },
];
