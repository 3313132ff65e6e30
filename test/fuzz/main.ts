/** `npm run fuzz [COUNT]`: 50,000 requests unless told; FUZZ_SEED repeats a run. */
import { fuzz } from './fuzz.js';

const count = Number(process.argv[2] ?? 50_000);
const began = performance.now();
const { requests, codes } = await fuzz(count, (done) => {
  process.stderr.write(`\r${String(done)} of ${String(count)}`);
});
process.stderr.write('\n');
const seconds = ((performance.now() - began) / 1000).toFixed(0);
process.stdout.write(
  `${String(requests)} requests in ${seconds} s: no crash, no stack, no unexplained 5xx\n`,
);
for (const [code, times] of Object.entries(codes)) process.stdout.write(`  ${code}: ${String(times)}\n`);
