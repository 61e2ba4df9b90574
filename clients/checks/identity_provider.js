// Tokens of an OpenID Connect provider (oidc-provider), from the first operator on.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { post } from '../lib/graphql.js';

export const client = 'oidc-provider';

const ORGANIZATION_CLAIM = 'https://example.com/organization';

const CREATE = `mutation ($input: CreateOrganizationInput!) {
  createOrganization(input: $input) { organization { slug } admin { userId role } userErrors { code message } }
}`;

export async function run({ convene }, check) {
  const first = await startProvider(0, 'RS256', 'first');
  const { port } = first;
  const server = await convene.serve('identity-provider', {
    CONVENE_JWT_SECRET: undefined,
    CONVENE_JWT_ISSUER: first.issuer,
    CONVENE_JWT_AUDIENCE: 'convene',
    CONVENE_JWT_ORGANIZATION_CLAIM: ORGANIZATION_CLAIM,
    CONVENE_JWT_OPERATOR_CLAIM: 'roles',
    CONVENE_JWT_OPERATOR_VALUE: 'convene-operator',
  });
  let provider = first;
  const role = async (token) => post(server.url, token, { query: '{ viewer { role } }' });

  try {
    await check('first operator, organization and admin', async () => {
      const input = { slug: 'opera', name: 'Opera', timeZone: 'Europe/Paris', adminUserId: 'ada', adminDisplayName: 'Ada' };
      const { json } = await post(server.url, await provider.token('operator'), { query: CREATE, variables: { input } });
      assert.deepEqual(json.data.createOrganization, { organization: { slug: 'opera' }, admin: { userId: 'ada', role: 'ADMIN' }, userErrors: [] });
      assert.deepEqual((await role(await provider.token('ada'))).json.data, { viewer: { role: 'ADMIN' } });
      return 'created and used with RS256';
    });

    await check('another audience, an opaque token, a user without membership', async () => {
      for (const token of [await provider.token('ada', 'urn:other'), await provider.token('bob'), await provider.opaque('ada')]) {
        assert.equal((await role(token)).status, 401);
      }
      return 'refused';
    });

    for (const algorithm of ['PS256', 'ES256', 'EdDSA']) {
      await check(`rotation to ${algorithm}`, async () => {
        const old = await provider.token('ada');
        await provider.stop();
        // The keys are known, so the outage concerns nobody.
        assert.equal((await role(old)).status, 200);
        // A fetch for an unknown key follows the last one after ten seconds.
        await new Promise((done) => setTimeout(done, 10_500));
        provider = await startProvider(port, algorithm, algorithm);
        assert.deepEqual((await role(await provider.token('ada'))).json.data, { viewer: { role: 'ADMIN' } });
        assert.equal((await role(old)).status, 401, 'the old key is not published any more');
        return 'with the first token';
      });
    }
  } finally {
    await provider.stop();
    assert.deepEqual(server.faults(), []);
    await server.stop();
  }
}

/** Starts a provider with one key, which issues tokens to clients with their own credentials. */
async function startProvider(port, algorithm, keyId) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig', kid: keyId };
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://localhost:${server.address().port}`;
  const client = (id) => ({ client_id: id, client_secret: 'secret', id_token_signed_response_alg: algorithm, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] });
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: ['operator', 'ada', 'bob'].map(client),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'api',
          audience: resource === 'urn:other' ? 'other' : 'convene',
          accessTokenFormat: resource === 'urn:opaque' ? 'opaque' : 'jwt',
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    extraTokenClaims: (_, { clientId }) =>
      clientId === 'operator' ? { roles: ['convene-operator'] } : { [ORGANIZATION_CLAIM]: 'opera' },
  });
  server.on('request', provider.callback());
  const token = async (id, resource = 'urn:convene') => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:secret`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope: 'api' }),
    });
    const answer = await response.json();
    assert.ok(answer.access_token, JSON.stringify(answer));
    return answer.access_token;
  };
  return {
    issuer,
    port: server.address().port,
    token,
    opaque: (id) => token(id, 'urn:opaque'),
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
