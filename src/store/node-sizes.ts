import { sql } from 'kysely';
import { digitsOfNumber, type NodeSize, type NodeSizes, type NodeTotals } from '../core/node-sizes.ts';
import type { Sql } from './database.ts';
import { type Keyset, readPage, toUuid } from './pages.ts';

const number = sql`('x' || right(replace(n.id::text, '-', ''), ${sql.raw(String(digitsOfNumber))}))::bit(52)::bigint`;

const size = sql`
  coalesce((n.inventory ->> 'cpuCores')::int, f.vcpus, 0) as "cpuCores",
  coalesce((n.inventory ->> 'memoryMib')::bigint, f.ram_mib, 0) as "memoryMib",
  coalesce((select sum((d ->> 'sizeGb')::numeric)::bigint from jsonb_array_elements(n.inventory -> 'disks') d),
    f.disk_gb, 0) as "diskGb"`;
const flavor = sql`left join flavors f on f.id = n.flavor_id`;

/** Not the rest of the inventory, which is long, and no secret. */
export function nodeSizes(db: Sql): NodeSizes {
  return {
    list({ namePart, id, number: wanted }, page) {
      const where = [
        ...(namePart === undefined ? [] : [sql`strpos(n.name, ${namePart}) > 0`]),
        ...(id === undefined ? [] : [sql`n.id = ${toUuid(id)}::uuid`]),
        ...(wanted === undefined ? [] : [sql`${number} = ${wanted}`]),
      ];
      const keyset: Keyset = {
        from: sql`nodes n`,
        take: sql`n.*`,
        id: 'n.id',
        ranges: [sql`true`],
        where: sql.join([sql`true`, ...where], sql` and `),
        order: [['n.id', 'uuid']],
      };
      return readPage<NodeSize>(db, keyset, page, {
        alias: 'n',
        columns: sql`n.id, n.name, n.zone, n.standing, n.note, n.power,
          coalesce(n.inventory ->> 'cpuModel', '') as "cpuModel", ${size},
          case when v.id is not null then
            jsonb_build_object('id', v.id, 'name', v.name, 'taskState', v.task_state) end as server`,
        joined: sql`${flavor} left join servers v on v.id = n.server_id`,
      });
    },

    async sum() {
      const { rows } = await sql<NodeTotals>`
        select count(*) as nodes, count(n.server_id) as servers, count(v.task_state) as busy,
          coalesce(sum("cpuCores"), 0) as "cpuCores", coalesce(sum("memoryMib"), 0)::bigint as "memoryMib",
          coalesce(sum("diskGb"), 0)::bigint as "diskGb",
          coalesce(sum("cpuCores") filter (where n.server_id is not null), 0) as "cpuCoresTaken",
          coalesce(sum("memoryMib") filter (where n.server_id is not null), 0)::bigint as "memoryMibTaken",
          coalesce(sum("diskGb") filter (where n.server_id is not null), 0)::bigint as "diskGbTaken"
        from (select n.server_id, ${size} from nodes n ${flavor}) n
        left join servers v on v.id = n.server_id`.execute(db);
      return rows[0]!;
    },
  };
}
