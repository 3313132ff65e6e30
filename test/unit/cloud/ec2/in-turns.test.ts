import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as breath } from 'node:timers/promises';
import { DescribeInstancesCommand, type DescribeInstancesCommandOutput } from '@aws-sdk/client-ec2';
import { createClient } from '../../../../cloud/ec2/client.js';
import { assert, suite } from '../../../suite.js';

const test = suite('long answers of an endpoint, read in turns');

const instance = (number: number): string =>
  `<item><instanceId>i-${String(number)}</instanceId><instanceState><name>running</name></instanceState>` +
  `<tagSet><item><key>Name</key><value>shop/app-${String(number)} &lt;item&gt;</value></item></tagSet></item>`;

const reservation = (from: number, count: number): string =>
  `<item><reservationId>r-${String(from)}</reservationId><instancesSet>` +
  `${Array.from({ length: count }, (_item, index) => instance(from + index)).join('')}</instancesSet></item>`;

const answerOf = (count: number): string =>
  '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>q</requestId><reservationSet>' +
  Array.from({ length: count / 100 }, (_item, index) => reservation(index * 100, 100)).join('') +
  `</reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>`;

const REFUSAL =
  '<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow down</Message></Error></Errors></Response>';

/** Describes over a real socket; gives also how often others had their turn from the answer's first byte on. */
const described = async (
  code: number,
  body: string,
): Promise<{ readonly output: DescribeInstancesCommandOutput; readonly turns: number }> => {
  const state: { turns: number; answering: boolean; ended: boolean } = {
    turns: 0,
    answering: false,
    ended: false,
  };
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(code, { 'content-type': 'text/xml' });
    response.end(body, () => {
      state.answering = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createClient({
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    region: 'x',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const looping = (async () => {
    while (!state.ended) {
      await breath();
      if (state.answering) state.turns += 1;
    }
  })();
  try {
    const output = await client.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
    return { output, turns: state.turns };
  } finally {
    state.ended = true;
    await looping;
    client.destroy();
    server.close();
  }
};

test('a page of a thousand instances is whole, and others had their turn forty times meanwhile', async () => {
  const { output, turns } = await described(200, answerOf(1000));
  const instances = (output.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
  assert.equal(
    instances.map(({ InstanceId }) => InstanceId),
    Array.from({ length: 1000 }, (_item, index) => `i-${String(index)}`),
  );
  assert.is(instances[7]?.Tags?.[0]?.Value, 'shop/app-7 <item>');
  assert.is(output.NextToken, 'more');
  assert.ok(turns >= 39, `${String(turns)} turns`);
});

test('a short page is read as it is', async () => {
  const { output } = await described(200, answerOf(100));
  assert.is(output.Reservations?.length, 1);
});

test('a refusal is told as one', async () => {
  let thrown: unknown = null;
  await described(503, REFUSAL).catch((error: unknown) => (thrown = error));
  assert.is((thrown as Error | null)?.name, 'RequestLimitExceeded');
});
