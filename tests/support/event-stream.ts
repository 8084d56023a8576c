/** Reads server-sent events as a browser does. */

export interface StreamEvent {
  id: string;
  event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
}

export interface EventStream {
  status: number;
  headers: Headers;
  /** The next event that is as wanted; those before it are passed over. */
  next(isWanted: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** What an EventSource would send as Last-Event-ID. */
  readonly lastId: string;
  /** Resolves when the server ends the stream. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

export async function openEventStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const giveUp = new AbortController();
  const response = await fetch(url, { headers, signal: giveUp.signal });
  let lastId = '';
  const events = readEvents(response, (id) => {
    lastId = id;
  });
  return {
    status: response.status,
    headers: response.headers,
    get lastId() {
      return lastId;
    },
    async next(isWanted) {
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error('the stream ended');
        if (isWanted(value)) return value;
      }
    },
    async ended() {
      try {
        while (!(await events.next()).done);
      } catch {
        // A cut connection is an end as well.
      }
    },
    async close() {
      giveUp.abort();
      await events.return(undefined).catch(() => undefined);
    },
  };
}

async function* readEvents(
  response: Response,
  onId: (id: string) => void,
): AsyncGenerator<StreamEvent, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let id = '';
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: ?(.*)/, 2) as [string, string]),
      );
      text = text.slice(end + 2);
      id = fields.get('id') ?? id;
      onId(id);
      const data = fields.get('data');
      if (data !== undefined)
        yield { id, event: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown };
    }
  }
  return undefined;
}
