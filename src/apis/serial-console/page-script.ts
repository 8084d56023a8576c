/**
 * What the page of a serial console runs in the browser. Only what the bytes need to be readable is done: colours and
 * moves of the cursor are left out.
 */
export const script = String.raw`
const screen = document.getElementById('screen');
const state = document.getElementById('state');
const address = location.href.replace(/^http/, 'ws');
history.replaceState(null, '', location.pathname);
const socket = new WebSocket(address, ['binary']);
socket.binaryType = 'arraybuffer';
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const escapes = /\x1b(\[[0-?]*[ -\/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>c78])/g;
let text = '';
let line = [];
let column = 0;
let pending = '';
function show(chunk) {
  chunk = (pending + chunk).replace(escapes, '');
  const cut = chunk.lastIndexOf('\x1b');
  pending = cut >= 0 && chunk.length - cut < 40 ? chunk.slice(cut) : '';
  for (const sign of pending ? chunk.slice(0, cut) : chunk) {
    if (sign === '\r') column = 0;
    else if (sign === '\n') { text += line.join('') + '\n'; line = []; column = 0; }
    else if (sign === '\b') column = Math.max(0, column - 1);
    else if (sign >= ' ' || sign === '\t') line[column++] = sign;
  }
  text = text.slice(-200000);
  screen.textContent = text + line.join('');
  scrollTo(0, document.body.scrollHeight);
}
socket.onopen = () => { state.textContent = 'Connected. Type away.'; };
socket.onmessage = ({ data }) => show(decoder.decode(data, { stream: true }));
socket.onclose = ({ code, reason }) => {
  state.textContent = reason || (code === 1006
    ? 'The link does not work: it is used up or its time is over. Ask for a new one.'
    : 'The console was closed.');
};
const keys = { Enter: '\r', Backspace: '\x7f', Tab: '\t', Escape: '\x1b', Delete: '\x1b[3~',
  ArrowUp: '\x1b[A', ArrowDown: '\x1b[B', ArrowRight: '\x1b[C', ArrowLeft: '\x1b[D', Home: '\x1b[H', End: '\x1b[F' };
function type(signs) { if (socket.readyState === 1) socket.send(encoder.encode(signs)); }
addEventListener('keydown', (event) => {
  if (event.metaKey || event.altKey || event.isComposing) return;
  const { key, ctrlKey } = event;
  if (ctrlKey && key === 'v') return;
  if (ctrlKey && key === 'c' && String(getSelection())) return;
  const isControl = ctrlKey && /^[a-z@\[\\\]^_]$/i.test(key);
  const signs = isControl ? String.fromCharCode(key.toUpperCase().charCodeAt(0) & 31)
    : keys[key] ?? (!ctrlKey && [...key].length === 1 ? key : '');
  if (signs === '') return;
  event.preventDefault();
  type(signs);
});
addEventListener('paste', (event) => type(event.clipboardData.getData('text').replace(/\r?\n/g, '\r')));
`;
