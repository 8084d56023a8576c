/** Who may come in: logins, sessions, Basic, lock-out, and the password that must be changed first (DSP0266). */
import type { IncomingHttpHeaders } from 'node:http';
import { refuse, type Asked, type Reply } from './reply.ts';
import { accountPath, sessionsPath } from './resources/paths.ts';
import { toSession } from './resources/root-services.ts';
import { Sessions } from './sessions.ts';
import type { BmcSettings } from './settings.ts';

export class Access {
  readonly sessions: Sessions;
  readonly username: string;
  /** Logins and Basic headers that were refused. */
  refusedLogins = 0;
  /** How often the account was locked. */
  lockouts = 0;
  mustChangePassword: boolean;
  readonly #settings: BmcSettings;
  #password: string;
  #refusalsInRow = 0;
  #lockedUntil = 0;

  constructor(settings: BmcSettings, username: string, password: string) {
    this.#settings = settings;
    this.username = username;
    this.#password = password;
    this.mustChangePassword = settings.mustChangePassword;
    this.sessions = new Sessions(settings.maxSessions, settings.sessionIdleMs);
  }

  /** By token or by Basic, which every service takes (DSP0266 "HTTP Basic authentication"). */
  knows(headers: IncomingHttpHeaders): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string' && this.#settings.authentication === 'sessions') {
      return this.sessions.has(token);
    }
    const given = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (given === undefined) return false;
    const [name, ...rest] = Buffer.from(given, 'base64').toString().split(':');
    return this.#check(name, rest.join(':'));
  }

  logIn({ body }: Asked): Reply {
    if (typeof body['UserName'] !== 'string' || typeof body['Password'] !== 'string') {
      return refuse(400, 'PropertyMissing', 'UserName and Password are required');
    }
    if (!this.#check(body['UserName'], body['Password'])) {
      const echo = this.#settings.echoesPassword ? ` with ${body['Password']}` : '';
      return refuse(401, 'ResourceAtUriUnauthorized', `No access${echo}`);
    }
    const session = this.sessions.open(this.username);
    if (!session) return refuse(503, 'SessionLimitExceeded', 'All sessions are taken');
    const location = `${sessionsPath}/${session.id}`;
    return {
      statusCode: 201,
      headers: { 'X-Auth-Token': session.token, Location: location },
      body: {
        ...toSession(session.id, this.username),
        ...(this.mustChangePassword ? { '@Message.ExtendedInfo': [changeRequired] } : {}),
      },
    };
  }

  /** Null when the request may go on. */
  demandNewPassword({ method, path }: Asked): Reply | null {
    if (!this.mustChangePassword) return null;
    if (path === accountPath || (method === 'DELETE' && path.startsWith(sessionsPath))) return null;
    const words = `The password must be changed at ${accountPath}`;
    return refuse(403, 'PasswordChangeRequired', words, {}, [accountPath]);
  }

  /** A PATCH of the account; all sessions of the old password end. */
  changePassword(password: unknown): Reply {
    if (typeof password !== 'string' || password.length < 8) {
      return refuse(400, 'PropertyValueFormatError', 'The password is too short');
    }
    this.#password = password;
    this.mustChangePassword = false;
    this.sessions.forgetAll();
    return { statusCode: 204 };
  }

  #check(name: string | undefined, password: string): boolean {
    const { lockAfter, lockMs } = this.#settings;
    const isRight = name === this.username && password === this.#password && Date.now() >= this.#lockedUntil;
    if (isRight) {
      this.#refusalsInRow = 0;
      return true;
    }
    this.refusedLogins += 1;
    this.#refusalsInRow += 1;
    if (lockAfter > 0 && this.#refusalsInRow >= lockAfter && Date.now() >= this.#lockedUntil) {
      this.#lockedUntil = Date.now() + lockMs;
      this.lockouts += 1;
    }
    return false;
  }
}

const changeRequired = {
  '@odata.type': '#Message.v1_1_2.Message',
  MessageId: 'Base.1.19.PasswordChangeRequired',
  Message: `The password must be changed at ${accountPath}`,
  MessageArgs: [accountPath],
  MessageSeverity: 'Critical',
  Resolution: 'Change the password.',
};
