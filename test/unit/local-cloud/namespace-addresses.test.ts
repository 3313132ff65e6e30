/** Addresses of namespace hosts: nothing that the machine uses is given away. */
import {
  freeHostAddress,
  freeNetwork,
  indexOf,
  networkIn,
  rangeOf,
} from '../../../local-cloud/hosts/namespace/addresses.js';
import { assert, suite } from '../../suite.js';

const test = suite('networks of namespace hosts');

for (const [inUse, expected] of [
  [[], '10.64.7.0'],
  [['default', '192.168.1.0/24', 'fd00::/64', '0.0.0.0/0'], '10.64.7.0'],
  [['10.64.7.9'], '10.65.8.0'],
  [['10.64.7.0/24', '10.65.8.128/25'], '10.66.9.0'],
  [['10.64.0.0/10'], '10.128.71.0'],
  [['10.0.0.0/8'], null],
] as const)
  test(`beside ${inUse.join(', ') || 'nothing'}: ${String(expected)}`, () => {
    const network = freeNetwork(7, inUse);
    assert.is(network === null ? null : `${network}.0`, expected);
  });

test('the network of hosts that are there is known again', () => {
  const network = networkIn('10.64.7.2');
  assert.is(network, '10.64.7');
  assert.is(freeNetwork(indexOf(network!), []), network);
  assert.is(networkIn('10.8.0.2'), null);
  assert.is(networkIn('127.16.0.1'), null);
});

test('an address is free, or all are taken and that is said', () => {
  assert.is(freeHostAddress('10.64.7', new Set(['10.64.7.2'])), '10.64.7.3');
  const all = new Set(Array.from({ length: 256 }, (_, index) => `10.64.7.${String(index)}`));
  assert.throws(() => freeHostAddress('10.64.7', all), /all 253 addresses of 10\.64\.7\.0\/24 are taken/);
});

test('ranges', () => {
  assert.equal(rangeOf('10.0.0.1'), { first: 167772161, last: 167772161 });
  assert.equal(rangeOf('10.0.0.77/30'), { first: 167772236, last: 167772239 });
  assert.is(rangeOf('default'), null);
});
