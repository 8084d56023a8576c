/**
 * The page of a serial console: plain text and a keyboard, enough to read a boot and to log in. It brings everything with
 * it. Opening it does not use the link up; connecting does.
 */
import { createHash } from 'node:crypto';
import type { Answer } from '../api.ts';
import { script } from './page-script.ts';

const style = `
body { margin: 0; background: #10151c; color: #d8e0ea; font: 14px/1.35 ui-monospace, Menlo, Consolas, monospace; }
#state { position: sticky; top: 0; margin: 0; padding: 6px 12px; background: #1d2733; color: #9fb3c8; }
#screen { margin: 0; padding: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Serial console</title>
<style>${style}</style>
</head>
<body>
<p id="state" role="status">Connecting…</p>
<pre id="screen" aria-label="Serial console" tabindex="0"></pre>
<script>${script}</script>
</body>
</html>
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const page: Answer = {
  statusCode: 200,
  body: html,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'content-security-policy': `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'`,
  },
};
