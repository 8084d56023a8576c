/** A token as Keystone v3 shows it. */
import type { GuestToken } from '../core/guest.ts';

interface Named {
  id: string;
  name: string;
}

export interface TokenBody {
  token: {
    user: Named & { domain: Named };
    project?: Named & { domain: Named };
    domain?: Named;
    roles?: Named[];
    application_credential?: Named & { restricted?: boolean };
    methods: string[];
    audit_ids?: string[];
    issued_at: string;
    expires_at: string;
  };
}

export function toGuestToken({ token }: TokenBody): GuestToken {
  const { user, project, domain, application_credential: program } = token;
  return {
    user: { id: user.id, name: user.name, account: toNamed(user.domain) },
    project: project ? { ...toNamed(project), account: toNamed(project.domain) } : null,
    account: project || !domain ? null : toNamed(domain),
    roles: (token.roles ?? []).map(({ name }) => name),
    applicationCredential: program ? { ...toNamed(program), isRestricted: program.restricted ?? true } : null,
    methods: token.methods,
    auditId: token.audit_ids?.[0] ?? '',
    issuedAt: new Date(token.issued_at),
    expiresAt: new Date(token.expires_at),
  };
}

function toNamed({ id, name }: Named): Named {
  return { id, name };
}
