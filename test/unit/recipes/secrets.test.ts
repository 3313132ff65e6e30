import { openSecrets } from '../../../recipes/secrets.js';
import { assert, suite } from '../../suite.js';

const test = suite('secrets of a run');

const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  db: { password: 'pa"ss/w$rd', short: 'ab' },
  tls: { key: '-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n' },
};

const open = (): ReturnType<typeof openSecrets> =>
  openSecrets((name) => {
    const found = VALUES[name];
    return found === undefined ? Promise.reject(new Error('nobody has it')) : Promise.resolve(found);
  });

test('a plain text is itself', async () => {
  assert.is(await open().text('plain'), 'plain');
});

test('only what was resolved is masked, in every shape that programs print it in', async () => {
  const secrets = open();
  const said = 'x pa"ss/w$rd x pa\\"ss/w$rd x pa%22ss%2Fw%24rd x cGEic3MvdyRyZA== x';
  assert.is(secrets.mask(said), said);
  await secrets.text({ secret: 'db', key: 'password' });
  assert.is(secrets.mask(said), 'x ****** x ****** x ****** x ******== x');
});

test('each line of a long one is masked', async () => {
  const secrets = open();
  await secrets.text({ secret: 'tls', key: 'key' });
  assert.is(secrets.mask('it is MIIEvQIBADANBg'), 'it is ******');
});

test('one that is too short to be one is not masked', async () => {
  const secrets = open();
  assert.is(await secrets.text({ secret: 'db', key: 'short' }), 'ab');
  assert.is(secrets.mask('absent'), 'absent');
});

for (const { name, reference, says } of [
  {
    name: 'a key that is not there',
    reference: { secret: 'db', key: 'toString' },
    says: /^the secret db has no key "toString"$/,
  },
  {
    name: 'a secret that cannot be had',
    reference: { secret: 'x', key: 'y' },
    says: /^the secret x cannot be had: nobody has it$/,
  },
]) {
  test(name, async () => {
    const why = await open()
      .text(reference)
      .then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
    assert.match(why, says);
  });
}
