/** The stage of the story: rack, Ingot, tenant and images, and how long one waits for what. */
import { LabIngot } from '../cloud/ingot.ts';
import { makeLabImage, type LabImage } from '../image/lab-image.ts';
import type { MachineWish } from '../rack/plan.ts';
import { startRack, type Rack } from '../rack/rack.ts';
import { insist, type Story } from './story.ts';
import { Tenant } from './tenant.ts';

/** Five times what was measured for two machines at once, emulated, on two idle cores. */
const patienceSeconds = 300;

export class Lab {
  readonly story: Story;
  readonly rack: Rack;
  readonly ingot: LabIngot;
  readonly tenant: Tenant;
  readonly imageA: LabImage & { id: string };
  readonly imageB: LabImage & { id: string };
  readonly patienceSeconds = patienceSeconds;

  private constructor(parts: Pick<Lab, 'story' | 'rack' | 'ingot' | 'tenant' | 'imageA' | 'imageB'>) {
    this.story = parts.story;
    this.rack = parts.rack;
    this.ingot = parts.ingot;
    this.tenant = parts.tenant;
    this.imageA = parts.imageA;
    this.imageB = parts.imageB;
  }

  /** @param log gets the lines of Ingot's log */
  static async build(
    story: Story,
    machines: readonly MachineWish[],
    log: (line: string) => void,
  ): Promise<Lab> {
    story.chapter('The rack');
    const images = await story.step('builds two systems from Debian’s packages', async () => [
      await makeLabImage('Lab OS A'),
      await makeLabImage('Lab OS B'),
    ]);
    const rack = await story.step('builds two machines with BMCs', () => startRack({ machines }));
    try {
      const ingot = await story.step('starts Ingot in it', () => LabIngot.start(rack, { log }));
      const tenant = new Tenant(ingot);
      const [imageA, imageB] = await story.step('uploads the systems as images', async () => {
        const [a, b] = images as [LabImage, LabImage];
        return [
          { ...a, id: await tenant.upload(a) },
          { ...b, id: await tenant.upload(b) },
        ] as const;
      });
      return new Lab({ story, rack, ingot, tenant, imageA, imageB });
    } catch (error) {
      await rack.stop();
      throw error;
    }
  }

  /** For one look at a console. */
  patience(): AbortSignal {
    return AbortSignal.timeout(patienceSeconds * 1_000);
  }

  /** Waits for the good end of a job. @returns its server @throws Error with what Ingot says about a bad end */
  async succeed(jobId: string, see: (fact: string) => void = () => {}): Promise<string> {
    const serverId = await this.tenant.serverOf(jobId);
    const job = await this.tenant.jobEnd(jobId, patienceSeconds).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.explain(serverId)}`, { cause: error });
    });
    insist(
      job['status'] === 'SUCCESS',
      `the job failed: ${JSON.stringify(job)}\n${await this.explain(serverId)}`,
    );
    const { begin_time: begin, end_time: end } = job;
    see(`the job took ${((Date.parse(end) - Date.parse(begin)) / 1_000).toFixed(1)} s`);
    return serverId;
  }

  async explain(serverId: string): Promise<string> {
    const answer = await this.tenant.why(serverId).catch((error: Error) => error.message);
    return JSON.stringify(answer, null, 2);
  }

  async close(): Promise<void> {
    await this.ingot.stop();
    await this.rack.stop();
  }
}
