import type pg from 'pg';

const pauseMs = 500;

/**
 * Keeps what a session of the database holds (an advisory lock) for as long as this process wants it: when the
 * connection breaks, for example because PostgreSQL starts anew, another one takes the same again.
 *
 * @param hold is run on each connection
 * @param letGo is run on the last one, when the returned function is called
 */
export async function keepSession(
  pool: pg.Pool,
  hold: (client: pg.PoolClient) => Promise<unknown>,
  letGo: (client: pg.PoolClient) => Promise<unknown>,
): Promise<() => Promise<void>> {
  let current: pg.PoolClient | null = null;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  async function open(): Promise<void> {
    const client = await pool.connect();
    // It may be told more than once.
    client.on('error', () => {
      if (current !== client) return;
      client.release(true);
      reopen();
    });
    try {
      await hold(client);
    } catch (error) {
      client.release(true);
      throw error;
    }
    if (isOver) client.release(true);
    else current = client;
  }

  function reopen(): void {
    current = null;
    if (isOver) return;
    timer = setTimeout(() => {
      open().catch(reopen);
    }, pauseMs);
  }

  await open();
  return async () => {
    isOver = true;
    clearTimeout(timer);
    const last = current;
    current = null;
    if (!last) return;
    try {
      await letGo(last);
    } finally {
      last.release(true);
    }
  };
}
