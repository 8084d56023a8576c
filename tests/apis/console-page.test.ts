/** The script of the console's page, run in what little of a browser it needs. */
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { script } from '../../src/apis/serial-console/page-script.ts';

type Listener = (event: Record<string, unknown>) => void;

function openPage() {
  const elements: Record<string, { textContent: string }> = {
    screen: { textContent: '' },
    state: { textContent: '' },
  };
  const typed: string[] = [];
  const listeners: Record<string, Listener> = {};
  const socket = {} as { url: string; onopen: () => void; onmessage: Listener; onclose: Listener };
  function WebSocket(url: string) {
    return Object.assign(socket, {
      url,
      readyState: 1,
      send: (bytes: Uint8Array) => typed.push(Buffer.from(bytes).toString('latin1')),
    });
  }
  runInNewContext(script, {
    document: { getElementById: (id: string) => elements[id], body: { scrollHeight: 1 } },
    location: { href: 'https://cloud.example/serial/?token=x', pathname: '/serial/' },
    history: { replaceState() {} },
    addEventListener: (name: string, listener: Listener) => void (listeners[name] = listener),
    getSelection: () => '',
    scrollTo() {},
    WebSocket,
    TextDecoder,
    TextEncoder,
  });
  return {
    socket,
    typed,
    say: (text: string) => socket.onmessage({ data: new TextEncoder().encode(text) }),
    press: (key: string, more = {}) => listeners['keydown']!({ key, preventDefault() {}, ...more }),
    paste: (text: string) => listeners['paste']!({ clipboardData: { getData: () => text } }),
    shown: () => elements['screen']!.textContent,
    told: () => elements['state']!.textContent,
  };
}

it('connects to its own address and shows what comes, without colours, rubbed out and written over', () => {
  const page = openPage();
  expect(page.socket.url).toBe('wss://cloud.example/serial/?token=x');
  page.socket.onopen();
  expect(page.told()).toContain('Connected');
  page.say('\u001b[1;32mboot\u001b[0m ok\r\nlog');
  page.say('in: root\b \b\b \bxx\u001b[');
  page.say('31mred\rL');
  expect(page.shown()).toBe('boot ok\nLogin: roxxred');
});

it('sends keys as a terminal does, and leaves the browser its own', () => {
  const page = openPage();
  page.press('a');
  page.press('Enter');
  page.press('c', { ctrlKey: true });
  page.press('ArrowUp');
  page.press('F5');
  page.press('Shift');
  page.paste('one\r\ntwo');
  expect(page.typed).toEqual(['a', '\r', '\u0003', '\u001b[A', 'one\rtwo']);
});

it('says that a link is used up', () => {
  const page = openPage();
  page.socket.onclose({ code: 1006, reason: '' });
  expect(page.told()).toContain('used up');
});
