/** A real agent in a process of its own whose events take as long as it is told: to be killed in the middle. */
import { startAgent } from '../../agent/agent.js';
import { hollowExecutor } from '../../agent/hollow.js';
import { lineLog } from '../../agent/line-log.js';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import { millis } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';

const [root = '', machine = '', address = '', ms = '0', config = '{}'] = process.argv.slice(2);
const delay = millis(Number(ms));
const agent = await startAgent({
  root,
  machine,
  address,
  config: JSON.parse(config) as AgentConfig,
  executor: () => hollowExecutor(systemClock, { setup: delay, configure: delay }),
  clock: systemClock,
  chance: systemChance,
  log: lineLog(systemClock, process.stderr),
  hostLog: null,
  version: 'test',
});
process.stdout.write(`${await agent.done}\n`);
