/** What a simulated BMC is asked and answers. */
import type { IncomingHttpHeaders } from 'node:http';

export type Json = Record<string, unknown>;

export interface Asked {
  method: string;
  /** Without query and without a slash at the end. */
  path: string;
  /** As it stood in the request line. */
  url: string;
  headers: IncomingHttpHeaders;
  /** Empty without a body. */
  body: Json;
  hasBody: boolean;
  /** What was sent was no JSON object. */
  isMalformed: boolean;
}

export interface Reply {
  statusCode: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Instead of a JSON body. */
  text?: { type: string; content: string };
}

/** An error body as DSP0266 "Error responses" has it. */
export function refuse(
  statusCode: number,
  id: string,
  message: string,
  headers: Record<string, string> = {},
  args: string[] = [],
): Reply {
  const info = {
    '@odata.type': '#Message.v1_1_2.Message',
    MessageId: id.includes('.') ? id : `Base.1.19.${id}`,
    Message: message,
    MessageArgs: args,
    MessageSeverity: 'Warning',
    Resolution: 'None.',
  };
  const error = {
    code: 'Base.1.19.GeneralError',
    message: 'See ExtendedInfo.',
    '@Message.ExtendedInfo': [info],
  };
  return { statusCode, headers, body: { error } };
}
