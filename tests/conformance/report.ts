/** All tables, and what was found of them, as a report. */
import type { Cloud } from '../support/cloud.ts';
import { useThings } from '../support/things.ts';
import { bms } from './bms.ts';
import { cloudDc } from './clouddc.ts';
import { check, type Finding } from './check.ts';
import type { Endpoint } from './endpoint.ts';
import { identity } from './identity.ts';
import { neighbours } from './neighbours.ts';
import { novaOfEcs } from './nova-ecs.ts';
import { novaOfBms } from './nova.ts';
import { awaited, settled } from './settled.ts';

export const chapters: Record<string, Endpoint[]> = {
  'Bare Metal Server v1': bms,
  'Nova v2.1, of the BMS reference': novaOfBms,
  'Nova v2.1, of the ECS reference': novaOfEcs,
  'CloudDC v1': cloudDc,
  'Identity v3': identity,
  'Image, network, volume, billing': neighbours,
};

/** Why a point of the tables is not met on purpose; `V35 status`. */
export function whySettled(id: string, what: string): string | undefined {
  if (awaited.includes(id)) return 'not offered yet';
  return settled.find(({ met }) => met?.includes(`${id} ${what}`))?.settled;
}

export interface Judged extends Finding {
  chapter: string;
  /** What is not met and not settled. */
  open: Record<string, string>;
}

/** Everything, or one call by its id. The chapters are asked at the same time, for most of it is waiting. */
export async function judgeAll(cloud: Cloud, only?: string): Promise<Judged[]> {
  const things = useThings(cloud);
  const all = await Promise.all(
    Object.entries(chapters).map(async ([chapter, endpoints]) => {
      const judged: Judged[] = [];
      for (const endpoint of endpoints) {
        if (only !== undefined && endpoint.id.split(' ')[0] !== only) continue;
        judged.push(judge(chapter, await check(cloud, things, endpoint)));
      }
      return judged;
    }),
  );
  return all.flat();
}

function judge(chapter: string, finding: Finding): Judged {
  const open = Object.entries(finding.unmet).filter(([what]) => !whySettled(finding.endpoint.id, what));
  return { chapter, ...finding, open: Object.fromEntries(open) };
}
