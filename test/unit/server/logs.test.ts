import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Caller } from '../../../server/access/access.js';
import type { Context } from '../../../server/context.js';
import { hostLogs, openLogs } from '../../../server/logs/logs.js';
import { resourceRoute } from '../../../server/routes.js';
import { EPOCH, instance } from '../../build/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('places of those who read logs');

const PATH = '/apis/scalarium.dev/v1/namespaces/shop/instances/app-1/logs';
const caller: Caller = { user: 'ana', groups: [], proof: { by: 'installation' }, valid: () => true };

test('a reader that left before the log was opened takes no place, and no log is opened', async () => {
  let opened = 0;
  const logs = openLogs(() => {
    opened += 1;
    return () => undefined;
  });
  const machine = {
    id: 'i-1',
    batch: 'b',
    zone: 'a',
    instanceType: 'm5.large',
    imageId: 'ami-1',
    launchedAt: EPOCH,
    state: 'running' as const,
  };
  const live = instance('app-1', { status: { machine } });
  const closing = new AbortController().signal;
  const context = { logs, closing, objects: { get: () => live } } as unknown as Context;
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  response.destroy();
  const route = resourceRoute(PATH);
  assert.ok(route);
  const query = new URLSearchParams('follow=true');
  for (let time = 0; time < 100; time += 1)
    assert.is(
      await hostLogs(context, route, { request, response, method: 'GET', path: PATH, query }, caller),
      null,
    );
  assert.is(opened, 0);
  assert.ok(logs.place('ana'));
});
