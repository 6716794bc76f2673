// A certified OpenID provider on loopback, for the tests alone: node provider.mjs PORT ACCOUNTS.json CONTROL_URL
// ACCOUNTS.json maps a login to its groups and is read anew at each token. POST /__rotate makes a new signing key.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, accounts, controlUrl] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const resource = 'https://gate.example/';
const groupsOf = (login) => JSON.parse(readFileSync(accounts, 'utf8'))[login] ?? [];
let serial = 0;

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  serial += 1;
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${serial}`, alg: 'RS256', use: 'sig' };
}

function provider(key) {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: 'stockade-cli',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
      },
      {
        client_id: 'stockade-web',
        client_secret: 'a secret: with + signs',
        redirect_uris: [`${controlUrl}/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { openid: ['sub', 'email', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, groups: groupsOf(id) }),
    }),
    extraTokenClaims: (_ctx, token) => ({ email: `${token.accountId}@example.com`, groups: groupsOf(token.accountId) }),
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    ttl: { AccessToken: 300, RefreshToken: 3600, IdToken: 300, Interaction: 300, Session: 300, Grant: 3600, DeviceCode: 300 },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'models',
          audience: 'stockade',
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  return made.callback();
}

let serve = provider(newKey());
createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/__rotate') {
    serve = provider(newKey());
    response.end('{}');
  } else {
    serve(request, response);
  }
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
