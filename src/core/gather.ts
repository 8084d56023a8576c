/**
 * Joins calls into batches without a timer: while one batch is under way the next one gathers, so a lone call goes out
 * at once and a thousand go out a few hundred at a time.
 *
 * @param most keys in one batch; a larger one would make everybody wait for its slowest
 * @param load answers the keys in their order; when it fails, everybody in the batch is told
 */
export function gather<Key, Value>(
  most: number,
  load: (keys: Key[]) => Promise<Value[]>,
): (key: Key) => Promise<Value> {
  interface Waiting {
    key: Key;
    resolve: (value: Value) => void;
    reject: (error: unknown) => void;
  }
  let gathering: Waiting[] = [];
  let isUnderWay = false;

  async function drain(): Promise<void> {
    while (gathering.length > 0) {
      const batch = gathering.slice(0, most);
      gathering = gathering.slice(most);
      try {
        const values = await load(batch.map(({ key }) => key));
        batch.forEach(({ resolve }, at) => resolve(values[at]!));
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
