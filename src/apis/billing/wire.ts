/** The words of the billing API (BSS v2). */
import { Type } from 'typebox';

export const ResourcesBody = Type.Object({
  order_id: Type.Optional(Type.String()),
  resource_ids: Type.Optional(Type.Array(Type.String(), { maxItems: 50 })),
  only_main_resource: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 })),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});

export const UnsubscribeBody = Type.Object({
  resource_ids: Type.Array(Type.String(), { minItems: 1, maxItems: 100 }),
  unsubscribe_type: Type.Optional(Type.Integer({ minimum: 1, maximum: 3 })),
});
