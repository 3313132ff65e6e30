/** Which URLs are one repository, and which are not. */
import { repositoryKey } from '../../../server/webhooks/repository.js';
import { assert, suite } from '../../suite.js';

const test = suite('webhooks/repository');

const SAME: readonly (readonly [key: string, ...urls: readonly string[]])[] = [
  [
    'github.com/acme/shop',
    'https://github.com/acme/shop',
    'https://github.com/acme/shop.git',
    'https://github.com/acme/shop.git/',
    'HTTPS://GitHub.com:443/acme/shop.git',
    'https://token@github.com/acme/shop',
    'https://anna:secret@github.com/acme/shop.git',
    'http://github.com/acme/shop',
    'git@github.com:acme/shop.git',
    'GitHub.com:acme/shop',
    'git@github.com:/acme/shop.git',
    'ssh://git@github.com/acme/shop.git',
    'ssh://git@github.com:22/acme/shop',
    'git+ssh://git@github.com/acme/shop',
    'git://github.com/acme/shop.git',
    'git://github.com:9418/acme/shop.git',
    ' https://github.com./acme/shop?a=b#c ',
  ],
  ['git.example:3000/a/b/c', 'http://git.example:3000/a/b/c.git'],
  ['git.example:2222/a/b', 'ssh://git@git.example:2222/a/b.git'],
  ['[::1]:8080/a', 'http://[::1]:8080/a.git'],
];

for (const [key, ...urls] of SAME)
  for (const url of urls)
    test(`${url} is ${key}`, () => {
      assert.is(repositoryKey(url), key);
    });

const NONE = [
  '',
  '/srv/git/shop.git',
  './shop',
  'file:///srv/shop',
  'C:\\shop',
  'c:/shop',
  'https://github.com',
  's3://b/k',
];

for (const url of NONE)
  test(`"${url}" is no repository of a Git host`, () => {
    assert.is(repositoryKey(url), null);
  });

test('letters of a path are told apart, as Git hosts may do', () => {
  assert.is.not(repositoryKey('https://git.example/A/b'), repositoryKey('https://git.example/a/b'));
});

test('long nonsense is answered at once', () => {
  assert.is(repositoryKey(`https://${'a@'.repeat(100_000)}`), null);
  assert.is(repositoryKey('a'.repeat(200_000)), null);
});
