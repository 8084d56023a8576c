/** Task monitors (DSP0266 "Asynchronous operations"): 202 while the task runs, then the answer of the operation. */
import type { Reply } from './reply.ts';

export interface TaskRule {
  retryAfterSeconds: number;
  /** How tasks end; `vanish`: the monitor is not there at all, as on early iDRACs. */
  end: 'completed' | 'exception' | 'vanish';
  /** How often the monitor answers 202 first. */
  looks: number;
}

const monitors = '/redfish/v1/TaskService/TaskMonitors';

export class Tasks {
  readonly #rule: TaskRule;
  readonly #looksLeft = new Map<string, number>();

  constructor(rule: TaskRule) {
    this.#rule = rule;
  }

  begin(): Reply {
    const path = `${monitors}/${this.#looksLeft.size + 1}`;
    this.#looksLeft.set(path, this.#rule.looks);
    return this.#running(path);
  }

  find(path: string): Reply | undefined {
    const left = this.#looksLeft.get(path);
    if (left === undefined || this.#rule.end === 'vanish') return undefined;
    this.#looksLeft.set(path, left - 1);
    if (this.#rule.end === 'exception') {
      return { statusCode: 200, body: { Id: '1', TaskState: 'Exception', TaskStatus: 'Critical' } };
    }
    return left > 0 ? this.#running(path) : { statusCode: 204 };
  }

  #running(path: string): Reply {
    return {
      statusCode: 202,
      headers: { Location: path, 'Retry-After': String(this.#rule.retryAfterSeconds) },
      body: { Id: '1', TaskState: 'Running', TaskStatus: 'OK' },
    };
  }
}
