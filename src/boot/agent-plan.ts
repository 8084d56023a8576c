/** What the agent is told to do, as shell assignments: it is a shell script in a ramdisk. */
import type { BootSession } from '../core/boot-session.ts';
import type { ImageContent } from '../core/image-content.ts';

export type AgentPlan =
  | { action: 'inspect' }
  | { action: 'wipe' }
  | { action: 'deploy'; disk: string; content: ImageContent }
  /** Nothing can be done; why was written down already. */
  | { action: 'stop' };

export function toPlanText(plan: AgentPlan, session: Pick<BootSession, 'id'>): string {
  const words: Record<string, string> = { ACTION: plan.action, SESSION: session.id };
  if (plan.action === 'deploy') {
    const { content, disk } = plan;
    words['DISK'] = disk;
    words['SHA256'] = content.sha256;
    words['FORM'] = content.form;
    words['BYTES'] = `${content.sizeBytes}`;
    words['RAW_BYTES'] = `${content.rawSizeBytes}`;
  }
  return Object.entries(words)
    .map(([name, word]) => `${name}=${quote(word)}\n`)
    .join('');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
