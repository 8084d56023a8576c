/** From create to phoned home on a machine with real firmware, as its own console tells the stages. */
import { findObstacle } from '../lab/rack/obstacle.ts';
import type { RackMachine } from '../lab/rack/rack.ts';
import { Lab } from '../lab/story/lab.ts';
import { enrolAndInspect } from '../lab/story/life.ts';
import { Timeline } from '../lab/story/stages.ts';
import { Story } from '../lab/story/story.ts';
import { inTurns, timed, type Bench } from './bench.ts';

const rounds = 3;

export const deploy: Bench = {
  name: 'deploy',
  help: 'create to phoned home on a machine with real firmware, stage by stage, against a start from its disk',
  async run(tell) {
    const obstacle = findObstacle();
    if (obstacle !== null) {
      tell(`left out: ${obstacle}`);
      return [];
    }
    const story = new Story(() => undefined);
    const machines = [{ name: 'n1', bmc: 'redfish', firmware: 'bios' }] as const;
    const lab = await Lab.build(story, machines, () => undefined);
    try {
      await enrolAndInspect(lab);
      const runs: { took: number; stages: Timeline['reached'] }[] = [];
      const machine = lab.rack.machine('n1');
      let serverId = await create(lab); // there must be a system to start from the disk
      const measured = await inTurns(
        rounds,
        async () => {
          await lab.succeed(await lab.tenant.delete(serverId));
          const timeline = await Timeline.begin(machine);
          const took = await timed(async () => (serverId = await create(lab)));
          await timeline.complete(lab.patience()); // the console may say it after the job knows
          timeline.close();
          runs.push({ took, stages: timeline.reached });
          return took;
        },
        () => timed(() => startByHand(lab, machine)),
      );
      const { stages } = runs.find(({ took }) => took === measured.ours)!;
      for (const { name, seconds } of stages) tell(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
      return [
        {
          name: 'create to phoned home / a start',
          says: 'POST to SUCCESS of the job, against power on until the installed system is up; above, the stages of the run that took the median',
          ratio: measured.ratio,
          aim: null,
          measured: {
            'ours s': measured.ours / 1_000,
            'floor s': measured.floor / 1_000,
            ...Object.fromEntries(stages.map(({ name, seconds }) => [`${name}, s`, seconds])),
          },
        },
      ];
    } finally {
      await lab.close();
    }
  },
};

async function create(lab: Lab): Promise<string> {
  const login = { password: 'Lab-0nly_Words' };
  return lab.succeed(await lab.tenant.create({ name: 'bench', imageId: lab.imageA.id, login }));
}

async function startByHand(lab: Lab, machine: RackMachine): Promise<void> {
  const console = await machine.openConsole();
  await machine.setPower('off');
  await machine.setPower('on');
  await console.waitFor(/ is up: hostname=/, 0, lab.patience());
  console.close();
}
