/** Time-outs that must come, also when memory is collected while they run: Node forgets one that nobody holds. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert } from '../../suite.js';
import { runTool } from '../../../recipes/tools.js';
import { apply, onStage, says } from './stage.js';

const test = onStage('time-outs');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let collecting: NodeJS.Timeout;
test.before(() => {
  collecting = setInterval(collect, 20);
});
test.after(() => {
  clearInterval(collecting);
});

test('of a command', async (stage) => {
  const { failure } = await apply(stage, [says('x', { command: ['sleep', '60'], timeoutSeconds: 0.3 })]);
  assert.match(failure ?? '', /no end after 0\.3 s, killed/);
});

test('of a tool', async () => {
  const why = await runTool(['sleep', '60'], {
    signal: new AbortController().signal,
    timeoutSeconds: 0.3,
  }).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  assert.match(why, /no end after 0\.3 s, killed/);
});

test('of a port that answers nothing', async (stage) => {
  // of a range that is kept for documents: nobody answers, or the machine says that there is no way
  const port = { type: 'waitForPort', host: '192.0.2.1', port: 9, timeoutSeconds: 0.1 } as const;
  const { failure } = await apply(stage, [port]);
  assert.match(failure ?? '', /^waitForPort\[192\.0\.2\.1:9\]: no connection within 0\.1 s: /);
});
