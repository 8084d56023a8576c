/** Keystone v3 as far as clients read it: discovery, tokens, and the calls that find projects, domains and keys. */
import { table, type Fields } from './endpoint.ts';

const links: Fields = { self: 'S', previous: 'null', next: 'null' };
const named: Fields = { id: 'S', name: 'S' };
const inDomain = { id: 'S', name: 'S', domain: named } satisfies Fields;
const catalog: Fields = [
  {
    id: 'S',
    type: 'S',
    name: 'S',
    endpoints: [{ id: 'S', interface: 'S', region: 'S', region_id: 'S', url: 'S' }],
  },
];
const token = {
  methods: ['S'],
  issued_at: 'S',
  expires_at: 'S',
  audit_ids: ['S'],
  user: { ...inDomain, password_expires_at: 'S|null' },
  roles: [named],
  catalog,
} satisfies Fields;
const projectToken: Fields = { token: { ...token, project: inDomain, is_domain: 'B' } };
const domainToken: Fields = { token: { ...token, domain: named } };
const version: Fields = {
  id: 'S',
  status: 'S',
  updated: 'S',
  links: [{ rel: 'S', href: 'S' }],
  'media-types': 'L',
};
const project: Fields = {
  id: 'S',
  name: 'S',
  domain_id: 'S',
  parent_id: 'S',
  enabled: 'B',
  is_domain: 'B',
  description: 'S',
  links: { self: 'S' },
};
const domain: Fields = { id: 'S', name: 'S', enabled: 'B', description: 'S', links: { self: 'S' } };
const user: Fields = { id: 'S', name: 'S', domain_id: 'S', enabled: 'B', links: { self: 'S' } };
const accessKey = {
  access: 'S',
  user_id: 'S',
  status: 'S',
  create_time: 'S',
  description: 'S',
} satisfies Fields;

const login = (scope?: object, password = '<password>') => ({
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { name: 'admin', password, domain: { name: 'Default' } } },
    },
    ...(scope ? { scope } : {}),
  },
});
const wrongLogin = { body: login(undefined, 'wrong') };
const tokens = 'POST /v3/auth/tokens';
const subject = { 'x-subject-token': '<token>' };
const badSubject = { 'x-subject-token': 'nobody' };
const credentials = '/v3.0/OS-CREDENTIAL/credentials';

export const identity = table([
  ['A1 root', 'GET /', [300, 200], { answer: { versions: { values: [version] } } }],
  ['A1 v3', 'GET /v3', 200, { answer: { version } }],
  [
    'A1 image',
    'GET /image',
    [200, 300],
    { answer: { versions: [{ id: 'S', status: 'S', links: [{ rel: 'S', href: 'S' }] }] } },
  ],
  [
    'A1 network',
    'GET /network',
    [200, 300],
    { answer: { versions: [{ id: 'S', status: 'S', links: [{ rel: 'S', href: 'S' }] }] } },
  ],
  [
    'A2 password',
    tokens,
    201,
    {
      body: login({ project: { name: 'eu-de', domain: { name: 'Default' } } }),
      answer: projectToken,
    },
    {
      '401 error': wrongLogin,
      '401 error #project': { body: login({ project: { name: 'nowhere', domain: { name: 'Default' } } }) },
      '400 error': { body: { auth: {} } },
    },
  ],
  ['A2 region', tokens, 201, { body: login({ project: { name: 'eu-de' } }), answer: projectToken }],
  ['A2 domain', tokens, 201, { body: login({ domain: { name: 'Default' } }), answer: domainToken }],
  ['A2 unscoped', tokens, 201, { body: login({}), answer: { token: { methods: ['S'], user: inDomain } } }],
  [
    'A2 both',
    tokens,
    201,
    {
      body: login({ project: { name: 'eu-de', domain: { name: 'Default' } }, domain: { name: 'Default' } }),
      answer: projectToken,
    },
  ],
  [
    'A2 token',
    tokens,
    201,
    {
      body: {
        auth: {
          identity: { methods: ['token'], token: { id: '<spare token>' } },
          scope: { project: { id: '<project>' } },
        },
      },
      answer: projectToken,
    },
    { '401 error': { body: { auth: { identity: { methods: ['token'], token: { id: 'nobody' } } } } } },
  ],
  [
    'A2 nocatalog',
    `${tokens}?nocatalog`,
    201,
    { body: login({ project: { name: 'eu-de' } }), answer: { token: { catalog: 'null?' } } },
  ],
  [
    'A3 show token',
    'GET /v3/auth/tokens',
    200,
    { headers: subject, answer: projectToken },
    {
      '404 error': { headers: badSubject },
      '401 error': { headers: { ...subject, 'x-auth-token': 'nobody' } },
    },
  ],
  ['A3 check token', 'HEAD /v3/auth/tokens', 200, { headers: subject }, { '404': { headers: badSubject } }],
  ['A3 revoke token', 'DELETE /v3/auth/tokens', 204, { headers: { 'x-subject-token': '<spare token>' } }],
  ['A3 catalog', 'GET /v3/auth/catalog', 200, { answer: { catalog, links: { self: 'S' } } }],
  ['A3 own projects', 'GET /v3/auth/projects', 200, { answer: { projects: [project], links } }],
  ['A3 own domains', 'GET /v3/auth/domains?name=Default', 200, { answer: { domains: [domain], links } }],
  ['A3 projects', 'GET /v3/projects?name=eu-de', 200, { answer: { projects: [project], links } }],
  [
    'A3 project',
    'GET /v3/projects/<project>',
    200,
    { answer: { project } },
    { '404 error': 'GET /v3/projects/none' },
  ],
  ['A3 users', 'GET /v3/users?name=admin', 200, { answer: { users: [user], links } }],
  ['A3 user', 'GET /v3/users/<user>', 200, { answer: { user } }, { '404 error': 'GET /v3/users/none' }],
  [
    'A3 domain',
    'GET /v3/domains/<account>',
    200,
    { answer: { domain } },
    { '404 error': 'GET /v3/domains/none' },
  ],
  ['A3 regions', 'GET /v3/regions', 200, { answer: { regions: [{ id: 'S' }] } }],
  [
    'A3 credential',
    'POST /v3/users/<user>/application_credentials',
    201,
    {
      body: { application_credential: { name: '<new name>' } },
      answer: {
        application_credential: {
          id: 'S',
          name: 'S',
          secret: 'S',
          project_id: 'S',
          roles: [named],
          expires_at: 'S|null',
          unrestricted: 'B',
        },
      },
    },
    { '400 error': { body: { application_credential: {} } } },
  ],
  [
    'A3 create key',
    `POST ${credentials}`,
    201,
    {
      body: { credential: { user_id: '<spare user>', description: 'for automation' } },
      answer: { credential: { ...accessKey, secret: 'S' } },
    },
    { '400 IAM.0011': { body: { credential: {} } } },
  ],
  ['A3 keys', `GET ${credentials}?user_id=<user>`, 200, { answer: { credentials: [accessKey] } }],
  ['A3 key', `GET ${credentials}/<spare access key>`, 200, { answer: { credential: accessKey } }],
  [
    'A3 change key',
    `PUT ${credentials}/<spare access key>`,
    200,
    { body: { credential: { status: 'inactive' } }, answer: { credential: accessKey } },
  ],
  ['A3 delete key', `DELETE ${credentials}/<spare access key>`, 204],
  [
    'A3 temporary key',
    'POST /v3.0/OS-CREDENTIAL/securitytokens',
    201,
    {
      body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } } },
      answer: { credential: { access: 'S', secret: 'S', securitytoken: 'S', expires_at: 'S' } },
    },
    {
      '400 IAM.0011': {
        body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 1 } } } },
      },
    },
  ],
]);
