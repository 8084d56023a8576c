/** What a test BMC answers. */
export interface Reply {
  statusCode: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** An error body as DSP0266 "Error responses" has it. */
export function refuse(
  statusCode: number,
  id: string,
  message: string,
  headers: Record<string, string> = {},
): Reply {
  const info = { MessageId: `Base.1.19.${id}`, Message: message, Severity: 'Warning', Resolution: 'None.' };
  const error = {
    code: 'Base.1.19.GeneralError',
    message: 'See ExtendedInfo.',
    '@Message.ExtendedInfo': [info],
  };
  return { statusCode, headers, body: { error } };
}
