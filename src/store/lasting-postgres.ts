/** The embedded PostgreSQL, started again when it ends by itself (out of memory, killed by hand). */
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts';

export interface LastingPostgres {
  url: string;
  stop(): Promise<void>;
}

const pauseMs = 1_000;
const mostTries = 10;

/** @param onLost is told once when it could not be started again; nothing can be done without it */
export async function keepPostgres(
  options: EmbeddedPostgresOptions & { log: (line: string) => void; onLost: (reason: string) => void },
): Promise<LastingPostgres> {
  let server = await startEmbeddedPostgres(options);
  let isStopping = false;
  const { url } = server;

  async function restart(reason: string): Promise<void> {
    options.log(`the embedded PostgreSQL ended (${reason}); it is started again`);
    for (let tries = 1; !isStopping; tries++) {
      try {
        server = await startEmbeddedPostgres(options);
        if (isStopping) await server.stop();
        else watch();
        return;
      } catch (error) {
        if (tries === mostTries) return options.onLost(error instanceof Error ? error.message : reason);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  function watch(): void {
    void server.exited.then((reason) => (isStopping ? undefined : restart(reason)));
  }

  watch();
  return {
    url,
    async stop() {
      isStopping = true;
      await server.stop();
    },
  };
}
