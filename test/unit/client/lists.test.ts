import * as E from 'fp-ts/lib/Either.js';
import { failureStatus } from '../../../api-types/status.js';
import type { Requester } from '../../../client/http.js';
import { fieldsOf, wholeList } from '../../../client/lists.js';
import { assert, suite } from '../../suite.js';

const test = suite('lists in pages');
const named = (name: string): object => ({ metadata: { name } });

/** Serves `pages` one after another, and refuses with 410 where there is `null`. */
const serving = (pages: readonly (readonly string[] | null)[]): { ask: Requester; asked: string[] } => {
  const asked: string[] = [];
  const left = [...pages];
  const ask: Requester = (_method, path) => {
    asked.push(path);
    const page = left.shift();
    if (!page) return Promise.resolve(E.left(failureStatus(410, 'Expired', 'too old')));
    const metadata = {
      resourceVersion: '7',
      ...(left.length > 0 ? { continue: `at ${String(left.length)}` } : {}),
    };
    const json = { apiVersion: 'scalarium.dev/v1', kind: 'RoleList', metadata, items: page.map(named) };
    return Promise.resolve(E.right({ json, warning: null }));
  };
  return { ask, asked };
};

const namesOf = (list: { readonly items: readonly { readonly metadata: { readonly name: string } }[] }) =>
  list.items.map(({ metadata }) => metadata.name);

test('pages are put together, each asked for from where the last ended', async () => {
  const { ask, asked } = serving([['a', 'b'], ['c']]);
  const list = await wholeList(ask, 'Role', { cluster: 'shop', labelSelector: 'a=b' })();
  assert.ok(E.isRight(list));
  assert.equal(namesOf(list.right), ['a', 'b', 'c']);
  assert.is(list.right.metadata.resourceVersion, '7');
  assert.not.ok('continue' in list.right.metadata);
  assert.match(asked[0] ?? '', /labelSelector=a%3Db&limit=500$/);
  assert.match(asked[1] ?? '', /&continue=at\+1$/);
});

test('a place the server has forgotten means: begin again, and not for ever', async () => {
  const { ask, asked } = serving([['a'], null, ['a'], ['b']]);
  const list = await wholeList(ask, 'Role')();
  assert.ok(E.isRight(list));
  assert.equal(namesOf(list.right), ['a', 'b']);
  assert.is(asked.length, 4);
  const never = await wholeList(serving([null, null, null, ['a']]).ask, 'Role')();
  assert.ok(E.isLeft(never));
  assert.is(never.left.code, 410);
});

test('a name is one more field', () => {
  assert.is(fieldsOf({}), undefined);
  assert.is(fieldsOf({ name: 'a' }), 'metadata.name=a');
  assert.is(
    fieldsOf({ fieldSelector: 'status.phase=online', name: 'a' }),
    'status.phase=online,metadata.name=a',
  );
});
