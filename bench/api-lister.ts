/** A client that lists every instance in a loop until it is ended: a process of its own, so that it slows no other client. */
import { API, sizeOf, targetOf } from './requests.js';

const [data = '', port = ''] = process.argv.slice(2);
const target = targetOf(data, Number(port), 1);
const ending = new AbortController();
process.on('SIGTERM', () => {
  ending.abort();
});
let lists = 0;
while (!ending.signal.aborted) {
  await sizeOf(target, `${API}/instances`);
  lists += 1;
}
process.stdout.write(String(lists));
target.agent.destroy();
