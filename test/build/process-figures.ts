/** What a process takes, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory in bytes. */
export const residentBytes = (pid: number): number => {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
};

/** Time that its threads have run, from the scheduler: ticks of 10 ms miss work that is shorter than one. */
export const cpuSeconds = (pid: number): number => {
  const tasks = `/proc/${String(pid)}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
};
