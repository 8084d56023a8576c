/** Task monitors (DSP0266 "Asynchronous operations"): 202 while the task runs, then the answer of the operation. */
import { refuse, type Reply } from './reply.ts';

export interface TaskRule {
  retryAfterSeconds: number;
  /**
   * How tasks end. `vanish`: the monitor is not there at all, as on early iDRACs. `late`: it is not there at the first
   * looks. `body`: the answer has the task in its body and no Location.
   */
  end: 'completed' | 'exception' | 'vanish' | 'late' | 'body';
  /** How often the monitor answers 202 (or 404, when late) first. */
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
    const { end } = this.#rule;
    if (left === undefined || end === 'vanish') return undefined;
    this.#looksLeft.set(path, left - 1);
    if (end === 'exception') {
      return { statusCode: 200, body: { Id: '1', TaskState: 'Exception', TaskStatus: 'Critical' } };
    }
    if (end === 'late') {
      if (left > 0) return refuse(404, 'ResourceNotFound', 'There is no such task yet');
      return { statusCode: 204 };
    }
    return left > 0 ? this.#running(path) : { statusCode: 204 };
  }

  #running(path: string): Reply {
    const isNamed = this.#rule.end !== 'body';
    return {
      statusCode: 202,
      headers: {
        ...(isNamed ? { Location: path } : {}),
        'Retry-After': String(this.#rule.retryAfterSeconds),
      },
      body: { '@odata.id': path, Id: '1', Name: 'Reset', TaskState: 'Running', TaskStatus: 'OK' },
    };
  }
}
