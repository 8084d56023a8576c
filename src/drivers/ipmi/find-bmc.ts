/** Whether a BMC listens for IPMI at an address: every one tells anybody how it wants to be logged in to. */
import { createSocket } from 'node:dgram';
import type { FindBmc } from '../../core/bmc-scan.ts';

/**
 * Get Channel Authentication Capabilities (IPMI 2.0 §22.13), outside of any session: RMCP header, session header of
 * zeros, then the message from software (81h) to the BMC (20h) with its two checksums. Channel Eh is the one it comes
 * through, 4 asks for the administrator's level, 80h for what IPMI 2.0 has to say.
 */
const question = Buffer.from('0600ff07000000000000000000092018c88100388e04b5', 'hex');
/** Where the command stands in an answer without authentication. */
const commandAt = 19;
const getChannelAuthenticationCapabilities = 0x38;

export const findIpmiBmc: FindBmc = (host, port, timeoutMs) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (isThere: boolean) => {
      clearTimeout(timer);
      socket.close();
      const address = port === 623 ? host : `${host}:${port}`;
      resolve(isThere ? { driver: 'ipmi', address, vendor: null, product: null, uuid: null } : null);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once('error', () => end(false));
    socket.on('message', (answer, from) => {
      if (from.address === host && answer[commandAt] === getChannelAuthenticationCapabilities) end(true);
    });
    // A connected socket is told when nobody listens (ICMP), instead of waiting.
    socket.connect(port, host, () => socket.send(question));
  });
