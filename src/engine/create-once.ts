/** Creating servers exactly once, however often the same request arrives and however many arrive together. */
import type { AnsweredRequests, RequestKey } from '../core/once.ts';
import type { Create, Created, CreateWish } from './create.ts';

/** @param request null: the caller does not say whether it asked before */
export type CreateOnce = <Answer>(
  wish: CreateWish,
  request: RequestKey | null,
  toAnswer: (created: Created) => Answer,
) => Promise<Answer>;

export function createCreateOnce(create: Create, answered: AnsweredRequests): CreateOnce {
  return async <Answer>(
    wish: CreateWish,
    request: RequestKey | null,
    toAnswer: (created: Created) => Answer,
  ) => {
    if (!request) return toAnswer(await create(wish));
    const find = () => answered.findAnswer(wish.projectId, request) as Promise<Answer | undefined>;
    const earlier = await find();
    if (earlier !== undefined) return earlier;
    try {
      return toAnswer(await create({ ...wish, once: { ...request, toAnswer } }));
    } catch (error) {
      // Another one was quicker; perhaps it also took the last machine or the address.
      const meanwhile = await find();
      if (meanwhile !== undefined) return meanwhile;
      throw error;
    }
  };
}
