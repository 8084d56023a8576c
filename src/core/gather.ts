/**
 * Joins calls into batches without a timer: while one batch is under way the next one gathers, so a lone call goes out
 * at once and a thousand go out a few hundred at a time. Who asks for the same key gets the same value: it is loaded once.
 *
 * @param most different keys in one batch; a larger one would make everybody wait for its slowest
 * @param load answers the keys in their order; when it fails, everybody in the batch is told
 */
export function gather<Key, Value>(
  most: number,
  load: (keys: Key[]) => Promise<Value[]>,
): (key: Key) => Promise<Value> {
  let gathering: Waiting<Key, Value>[] = [];
  let isUnderWay = false;

  async function drain(): Promise<void> {
    while (gathering.length > 0) {
      const { keys, batch, rest } = cut(gathering, most);
      gathering = rest;
      try {
        const values = await load([...keys.keys()]);
        for (const { key, resolve } of batch) resolve(values[keys.get(key)!]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isUnderWay = false;
  }

  return (key) =>
    new Promise((resolve, reject) => {
      gathering.push({ key, resolve, reject });
      if (isUnderWay) return;
      isUnderWay = true;
      setImmediate(() => void drain());
    });
}

interface Waiting<Key, Value> {
  key: Key;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
}

/** Those who go next: everybody who asks for one of the first `most` different keys, each with its place. */
function cut<One extends { key: unknown }>(waiting: One[], most: number) {
  const keys = new Map<One['key'], number>();
  const batch: One[] = [];
  const rest: One[] = [];
  for (const one of waiting) {
    if (!keys.has(one.key) && keys.size < most) keys.set(one.key, keys.size);
    (keys.has(one.key) ? batch : rest).push(one);
  }
  return { keys, batch, rest };
}
