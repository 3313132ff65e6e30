import { PassThrough } from 'node:stream';
import { winstonLog } from '../../../runtime/log-winston.js';
import { transient } from '../../../runtime/failure.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('the log on winston');

const opened = (format: 'json' | 'pretty') => {
  const stream = new PassThrough();
  const log = winstonLog({ level: 'info', clock: virtualClock(), stream, format });
  const text = async (): Promise<string> => {
    await log.close();
    return String(stream.read());
  };
  return { log, text };
};

test('a line of JSON has bound keys and causes spelled out, down to the first', async () => {
  const { log, text } = opened('json');
  const root = new Error('ECONNREFUSED');
  const failure = transient('StoreUnavailable', 'no store', { cause: new Error('connect', { cause: root }) });
  log.with({ controller: 'instances' }).warn('run failed', { cause: failure });
  const line = JSON.parse(await text()) as Record<string, unknown> & {
    cause: { reason: string; cause: { message: string; cause: { message: string } } };
  };
  assert.equal(
    [line['time'], line['level'], line['message'], line['controller']],
    ['2026-01-01T00:00:00.000Z', 'warn', 'run failed', 'instances'],
  );
  assert.is(line.cause.cause.message, 'connect');
  assert.is(line.cause.cause.cause.message, 'ECONNREFUSED');
});

test('a pretty line is for people, and what is below the level is left out', async () => {
  const { log, text } = opened('pretty');
  log.debug('unseen');
  log.info('up', { url: 'http://127.0.0.1:7420', hosts: 13, none: undefined });
  assert.is(await text(), '2026-01-01T00:00:00.000Z info  up url=http://127.0.0.1:7420 hosts=13\n');
});
