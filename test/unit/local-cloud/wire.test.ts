/** The Query protocol's two sides: parameters in, XML out, and what lies between without any I/O. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError } from '../../../local-cloud/api-error.js';
import { addressesIn } from '../../../local-cloud/actions/addresses.js';
import { MACHINE_TYPES, SUBNETS } from '../../../local-cloud/catalogue.js';
import { filterOf } from '../../../local-cloud/filters.js';
import { agentConfigIn } from '../../../local-cloud/hosts/cloud-config.js';
import type { MachineRecord } from '../../../local-cloud/model.js';
import { pageOf } from '../../../local-cloud/pages.js';
import { list, parseParams, structs } from '../../../local-cloud/query.js';
import { answerXml, errorXml } from '../../../local-cloud/xml.js';
import { settingsFrom } from '../../../local-cloud/environment.js';
import { assert, suite } from '../../suite.js';

const test = suite('local cloud on the wire');

test('lists are in order of their numbers, not of their digits', () => {
  const params = parseParams('InstanceId.10=j&InstanceId.2=b&InstanceId.1=a&InstanceId.x=no');
  assert.equal(list(params, 'InstanceId'), ['a', 'b', 'j']);
  const [first] = structs(parseParams('Filter.1.Name=n&Filter.1.Value.1=a+b&Filter.1.Value.2=c'), 'Filter');
  assert.equal(list(first!, 'Value'), ['a b', 'c']);
});

test('XML escapes what it must and leaves out what is not there', () => {
  assert.is(
    answerXml('X', 'r', { a: '<&>\u0000', none: undefined, list: ['x', { b: true }], empty: [] }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<XResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' +
      '<requestId>r</requestId><a>&lt;&amp;&gt;\ufffd</a><list><item>x</item><item><b>true</b></item></list><empty/></XResponse>',
  );
  assert.match(
    errorXml(apiError('Code', 'why'), 'r'),
    /<Errors><Error><Code>Code<\/Code><Message>why<\/Message><\/Error><\/Errors><RequestID>r/,
  );
});

const matching = (query: string, things: readonly string[]): readonly string[] | string => {
  const found = filterOf<string>(
    parseParams(query),
    { name: (thing) => [thing] },
    (thing): Record<string, string> => ({ own: thing }),
  );
  return E.isLeft(found) ? found.left.code : things.filter(found.right);
};

test('filters: any value, all filters, wildcards, tags', () => {
  const things = ['app-1', 'app-12', 'db', 'a*b', 'a.b'];
  const cases: readonly (readonly [string, readonly string[] | string])[] = [
    ['', things],
    ['Filter.1.Name=name&Filter.1.Value.1=app-?&Filter.1.Value.2=db', ['app-1', 'db']],
    ['Filter.1.Name=name&Filter.1.Value.1=app-*', ['app-1', 'app-12']],
    ['Filter.1.Name=name&Filter.1.Value.1=a\\*b', ['a*b']],
    ['Filter.1.Name=name&Filter.1.Value.1=a.b', ['a.b']],
    ['Filter.1.Name=tag:own&Filter.1.Value.1=db', ['db']],
    ['Filter.1.Name=tag-key&Filter.1.Value.1=other', []],
    ['Filter.1.Name=name&Filter.1.Value.1=db&Filter.2.Name=name&Filter.2.Value.1=app-1', []],
    ['Filter.1.Name=constructor&Filter.1.Value.1=x', 'InvalidParameterValue'],
  ];
  for (const [query, expected] of cases) assert.equal(matching(query, things), expected, query);
});

test('pages: from 5 to 1000, and a token only while there is more', () => {
  const things = Array.from({ length: 12 }, (_, index) => index);
  const page = (query: string) => {
    const found = pageOf(parseParams(query), things, (thing) => thing);
    return E.isLeft(found) ? found.left.code : found.right;
  };
  const first = page('MaxResults=5');
  assert.ok(typeof first === 'object' && first.items.length === 5 && first.nextToken !== undefined);
  const last = page(`MaxResults=1000&NextToken=${first.nextToken}`);
  assert.equal(last, { items: [5, 6, 7, 8, 9, 10, 11], nextToken: undefined });
  for (const wrong of ['MaxResults=4', 'MaxResults=x', 'MaxResults=-1'])
    assert.is(page(wrong), 'InvalidParameterValue');
  assert.is(page('NextToken=nonsense'), 'InvalidNextToken');
});

const machineAt = (
  privateAddress: string,
  ordinal: number,
  state: MachineRecord['state'],
): MachineRecord => ({
  id: `i-${String(ordinal)}`,
  ordinal,
  reservation: 'r',
  launchIndex: 0,
  imageId: 'ami',
  instanceType: 'm5.large',
  zone: 'local-1',
  subnetId: SUBNETS[0]!.id,
  privateAddress,
  launchedAt: 0,
  state,
  runningAt: 0,
  transition: null,
  stateReason: null,
  tags: {},
  reboots: 0,
});

test('addresses go on after the last one given out, around taken ones', () => {
  const machines = new Map(
    [machineAt('10.0.0.6', 3, 'running'), machineAt('10.0.0.5', 4, 'terminated')].map(
      (machine) => [machine.id, machine] as const,
    ),
  );
  assert.equal(addressesIn(SUBNETS[0]!, machines, 2), ['10.0.0.7', '10.0.0.8']);
  assert.equal(addressesIn(SUBNETS[1]!, machines, 1), ['10.0.64.4']);
});

test('the catalogue has the usual types once', () => {
  const names = MACHINE_TYPES.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const name of ['t3.micro', 't3.medium', 'm5.large', 'c6g.xlarge'])
    assert.ok(names.includes(name), name);
  assert.is(MACHINE_TYPES.find(({ name }) => name === 'c6g.xlarge')?.architecture, 'arm64');
});

test('user data that is no cloud-config of ours is nobody’s', () => {
  for (const text of ['', '#!/bin/sh', '#cloud-config\n{', '#cloud-config\nwrite_files: []\n'])
    assert.is(agentConfigIn(text), null, text);
});

test('settings from the environment say which variable is wrong', () => {
  assert.equal(settingsFrom({ SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS: '2' }), { boot: 2000 });
  assert.throws(
    () => settingsFrom({ SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS: 'x' }),
    /SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS: expected a number/,
  );
  assert.throws(
    () => settingsFrom({ SCALARIUM_LOCAL_CLOUD_QUOTAS: '{"RunInstances":{"requestBurst":0}}' }),
    /RunInstances\.requestBurst: expected a whole number/,
  );
});
