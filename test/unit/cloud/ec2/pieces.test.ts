import { piecesOf } from '../../../../cloud/ec2/pieces.js';
import { assert, suite } from '../../../suite.js';

const test = suite('a long answer in pieces');

const instance = (id: string): string =>
  `<item><instanceId>${id}</instanceId><tagSet><item><key>k</key></item></tagSet></item>`;

const reservation = (id: string, instances: readonly string[]): string =>
  `<item><reservationId>${id}</reservationId><groupSet><item><groupId>g</groupId></item></groupSet>` +
  `<instancesSet>${instances.map(instance).join('')}</instancesSet><requesterId>r-${id}</requesterId></item>`;

const answer = (reservations: readonly string[]): string =>
  `<Response><requestId>q</requestId><reservationSet>${reservations.join('')}</reservationSet><nextToken>n</nextToken></Response>`;

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_item, index) => `${prefix}-${String(index)}`);

const found = (pieces: readonly string[], field: string): readonly string[] =>
  pieces.flatMap((piece) =>
    [...piece.matchAll(new RegExp(`<${field}>([^<]*)</${field}>`, 'g'))].map((match) => match[1] ?? ''),
  );

test('a large reservation comes several times, each time with others of its instances', () => {
  const whole = answer([reservation('a', names('i', 60)), reservation('b', ['j'])]);
  const pieces = piecesOf(whole, 25);
  assert.equal(
    pieces.map((piece) => found([piece], 'instanceId').length),
    [25, 25, 11],
  );
  assert.equal(found(pieces, 'instanceId'), found([whole], 'instanceId'));
  assert.equal(found(pieces, 'reservationId'), ['a', 'a', 'a', 'b']);
  assert.equal(found(pieces, 'requesterId'), ['r-a', 'r-a', 'r-a', 'r-b']);
  assert.equal(found(pieces, 'nextToken'), ['n', 'n', 'n']);
});

test('small reservations come together', () => {
  const pieces = piecesOf(answer(names('r', 60).map((name) => reservation(name, [`i-${name}`]))), 25);
  assert.equal(
    pieces.map((piece) => found([piece], 'instanceId').length),
    [25, 25, 10],
  );
});

const WHOLE: readonly (readonly [name: string, answer: string])[] = [
  ['no reservations', answer([])],
  ['an error', '<Response><Errors><Error><Code>No</Code></Error></Errors></Response>'],
  ['cut off in the middle', answer([reservation('a', names('i', 60))]).slice(0, 900)],
  ['one that ends more than it begins', answer(['</item>', reservation('a', ['i'])])],
  ['no XML', 'Service Unavailable'],
];

for (const [name, text] of WHOLE)
  test(`${name}: left as it is`, () => {
    assert.equal(piecesOf(text, 25), [text]);
  });
