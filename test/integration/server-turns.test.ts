import { API, ask, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('short requests beside long ones');

/** Of nearly three KiB each. */
const MANY = 2500;
const spec = { displayName: 'somebody '.repeat(300) };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

/** Gets one object again and again until `long` has its answer; gives how often. */
const getsBeside = async (port: number, long: Promise<unknown>): Promise<number> => {
  const state: { over: boolean } = { over: false };
  void long.then(() => (state.over = true));
  let count = 0;
  while (!state.over) {
    const got = await ask(port, 'GET', `${API}/users/user-7`);
    assert.is(got.code, 200);
    count += 1;
  }
  await long;
  return count;
};

test('while thousands of objects are listed, single ones are got', async () => {
  const server = await testServer();
  try {
    const { port } = server.running;
    for (let number = 0; number < MANY; number += 1)
      server.objects.has(ref('User', null, `user-${String(number)}`), { spec });
    const asked: readonly Readonly<Record<string, string>>[] = [{}, TABLE, { 'accept-encoding': 'gzip' }];
    for (const headers of asked) {
      const list = ask(port, 'GET', `${API}/users`, { headers });
      const gets = await getsBeside(port, list);
      assert.is((await list).code, 200);
      assert.ok(gets >= 5, `${String(gets)} gets beside a list of ${JSON.stringify(headers)}`);
    }
  } finally {
    await server.running.close();
  }
});

test('lists that come together share the turns: single objects are got beside twenty of them', async () => {
  const server = await testServer();
  try {
    const { port } = server.running;
    for (let number = 0; number < MANY / 4; number += 1)
      server.objects.has(ref('User', null, `user-${String(number)}`), { spec });
    const lists = Promise.all(Array.from({ length: 20 }, () => ask(port, 'GET', `${API}/users`)));
    const gets = await getsBeside(port, lists);
    assert.ok(gets >= 10, `${String(gets)} gets beside twenty lists`);
    assert.ok((await lists).every(({ code }) => code === 200));
  } finally {
    await server.running.close();
  }
});
