/** ID tokens against a provider on loopback: discovery and keys over HTTP, tokens signed by jose. */
import * as E from 'fp-ts/lib/Either.js';
import { type CryptoKey, SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { type Server, createServer } from 'node:http';
import { seededChance } from '../../../runtime/chance.js';
import { silentLog } from '../../../runtime/log.js';
import { Logins } from '../../../server/access/logins.js';
import { accountName } from '../../../server/access/newcomers.js';
import { type Oidc, openOidc } from '../../../server/access/oidc.js';
import { Roster } from '../../../server/access/roster.js';
import { freePort } from '../../build/free-port.js';
import { type VirtualClock, virtualClock } from '../../fake/clock.js';
import { type FakeObjects, fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('OpenID Connect');

interface Provider {
  readonly issuer: string;
  readonly asked: () => number;
  readonly sign: (
    claims: object,
    over?: { readonly aud?: string; readonly iss?: string; readonly kid?: string; readonly exp?: number },
  ) => Promise<string>;
  readonly rotate: () => Promise<void>;
  readonly away: () => Promise<void>;
  readonly back: () => Promise<void>;
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });

const provider = async (clock: VirtualClock): Promise<Provider> => {
  let pair = await generateKeyPair('ES256');
  let kid = 'one';
  let asked = 0;
  const serve = (): Server =>
    createServer((request, response) => {
      void (async () => {
        asked += 1;
        const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' };
        const found = request.url === '/.well-known/openid-configuration';
        response.end(JSON.stringify(found ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: [jwk] }));
      })();
    });
  let server = serve();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String(port)}`;
  const key = (): CryptoKey => pair.privateKey;
  return {
    issuer,
    asked: () => asked,
    sign: (claims, over = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: over.kid ?? kid })
        .setIssuer(over.iss ?? issuer)
        .setAudience(over.aud ?? 'scalarium')
        .setExpirationTime(over.exp ?? Math.floor(clock.now() / 1000) + 600)
        .sign(key()),
    rotate: async () => {
      pair = await generateKeyPair('ES256');
      kid = 'two';
    },
    away: () => closed(server),
    back: () => {
      server = serve();
      return new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    },
  };
};

interface Scene {
  readonly clock: VirtualClock;
  readonly idp: Provider;
  readonly oidc: Oidc;
  readonly objects: FakeObjects;
  readonly logins: Logins;
}

const scene = (body: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const clock = virtualClock();
  const idp = await provider(clock);
  const oidc = openOidc({ issuer: idp.issuer, clientId: 'scalarium' }, { clock, log: silentLog });
  const objects = fakeObjects();
  const roster = new Roster(objects);
  const logins = new Logins({ records: { objects, clock, chance: seededChance(1) }, roster, oidc });
  try {
    await body({ clock, idp, oidc, objects, logins });
  } finally {
    roster.close();
    await idp.away();
  }
};

const codeOf = (answer: E.Either<{ readonly code: number }, unknown>): number =>
  E.isLeft(answer) ? answer.left.code : 200;

test(
  'a good token is about a person',
  scene(async ({ idp, oidc }) => {
    const token = await idp.sign({ sub: 'u1', groups: ['ops'], email: 'ana@x.org', email_verified: false });
    const person = await oidc.verify(token);
    assert.ok(E.isRight(person));
    assert.is(person.right.subject, 'u1');
    assert.equal(person.right.groups, ['ops']);
    assert.is(person.right.email, null, 'nobody has verified it');
  }),
);

test(
  'every other token is refused, and one of another issuer without asking anybody',
  scene(async ({ clock, idp, oidc }) => {
    const foreign = await idp.sign({ sub: 'u1' }, { iss: 'https://elsewhere.example' });
    assert.is(codeOf(await oidc.verify(foreign)), 401);
    assert.is(idp.asked(), 0);
    const good = await idp.sign({ sub: 'u1' });
    const other = await generateKeyPair('ES256');
    const forged = await new SignJWT({ sub: 'u1' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(idp.issuer)
      .setAudience('scalarium')
      .setExpirationTime(Math.floor(clock.now() / 1000) + 600)
      .sign(other.privateKey);
    const bad = [
      forged,
      new UnsecuredJWT({ sub: 'u1' }).setIssuer(idp.issuer).setAudience('scalarium').encode(),
      await idp.sign({ sub: 'u1' }, { aud: 'another' }),
      await idp.sign({ sub: 'u1' }, { exp: Math.floor(clock.now() / 1000) - 60 }),
      await idp.sign({}),
      `${good.slice(0, -4)}AAAA`,
      'eyJ.x.y',
    ];
    for (const token of bad) assert.is(codeOf(await oidc.verify(token)), 401, token);
    assert.is(codeOf(await oidc.verify(good)), 200);
  }),
);

test(
  'a new key is fetched when a token names it; garbage does not make us ask again and again',
  scene(async ({ clock, idp, oidc }) => {
    assert.is(codeOf(await oidc.verify(await idp.sign({ sub: 'u1' }))), 200);
    await idp.rotate();
    clock.jump(11_000);
    assert.is(codeOf(await oidc.verify(await idp.sign({ sub: 'u1' }))), 200);
    const before = idp.asked();
    for (let at = 0; at < 20; at += 1)
      assert.is(codeOf(await oidc.verify(await idp.sign({ sub: 'u1' }, { kid: `k${String(at)}` }))), 401);
    assert.is(idp.asked(), before);
  }),
);

test(
  'keys of a provider that has been away for more than an hour are not taken, between two tries either',
  scene(async ({ clock, idp, oidc }) => {
    assert.ok(E.isRight(await oidc.verify(await idp.sign({ sub: 'u1' }))));
    await idp.away();
    clock.jump(61 * 60_000);
    for (const time of ['tried', 'a moment later']) {
      const late = await oidc.verify(await idp.sign({ sub: 'u1' }));
      assert.is(E.isLeft(late) && late.left.code, 503, time);
    }
  }),
);

test(
  'a provider that is away: 503 while no keys are known, known keys stay good',
  scene(async ({ clock, idp, oidc }) => {
    const token = await idp.sign({ sub: 'u1' });
    assert.is(codeOf(await oidc.verify(token)), 200);
    await idp.away();
    clock.jump(11 * 60_000);
    assert.is(codeOf(await oidc.verify(await idp.sign({ sub: 'u1' }))), 200);
    const fresh = openOidc({ issuer: idp.issuer, clientId: 'scalarium' }, { clock, log: silentLog });
    assert.is(codeOf(await fresh.verify(token)), 503);
    assert.is(codeOf(await fresh.verify(token)), 503);
    await idp.back();
    assert.is(codeOf(await fresh.verify(token)), 503, 'asked a moment ago');
    clock.jump(11_000);
    assert.is(codeOf(await fresh.verify(await idp.sign({ sub: 'u1' }))), 200);
  }),
);

test(
  'the first login makes a User; the second finds it',
  scene(async ({ idp, objects, logins }) => {
    const token = await idp.sign({ sub: 'u1', preferred_username: 'Ana', groups: ['ops'] });
    const first = await logins.byIdToken(token, '::1');
    assert.equal(first, E.right({ user: 'ana', groups: ['ops'] }));
    assert.equal(objects.get(ref('User', null, 'ana'))?.spec.oidc, { issuer: idp.issuer, subject: 'u1' });
    assert.equal(await logins.byIdToken(token, '::1'), first);
    assert.is(objects.list('User').length, 1);
  }),
);

test(
  'nobody becomes a User that is there, that a Grant waits for, or that systems have',
  scene(async ({ idp, objects, logins }) => {
    objects.has(ref('User', null, 'ana'), { spec: { admin: true } });
    objects.has(ref('Grant', 'shop', 'bob'), { spec: { user: 'bob', level: 'manage' } });
    for (const wish of ['ana', 'bob', 'root', 'admin']) {
      const token = await idp.sign({ sub: `is-${wish}`, preferred_username: wish });
      const login = await logins.byIdToken(token, '::1');
      assert.ok(E.isRight(login), wish);
      assert.match(login.right.user, new RegExp(`^${wish}-[0-9a-f]{7}$`));
    }
    assert.is(objects.get(ref('User', null, 'ana'))?.spec.oidc, undefined);
  }),
);

test(
  'a disabled User does not get in by the provider',
  scene(async ({ idp, objects, logins }) => {
    objects.has(ref('User', null, 'ana'), {
      spec: { disabled: true, oidc: { issuer: idp.issuer, subject: 'u1' } },
    });
    assert.is(codeOf(await logins.byIdToken(await idp.sign({ sub: 'u1' }), '::1')), 401);
  }),
);

test('names become accounts', () => {
  assert.is(accountName('Ana.Müller@x.org'), 'ana-m-ller-x-org');
  assert.is(accountName('007bond'), 'bond');
  assert.is(accountName('日本'), null);
});
