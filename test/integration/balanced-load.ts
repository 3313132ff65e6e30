/** Requests through a balancer: many that go on, slow ones that are held, and who answers. */
import type { RequestListener } from 'node:http';
import { ask, type Stage } from './balancer.js';

/** Answers by its name; `/slow` when it is told to. */
export const holding = (name: string) => {
  const held: (() => void)[] = [];
  const listener: RequestListener = (asked, response) => {
    if (asked.url === '/slow') held.push(() => response.end(`slow ${name}`));
    else response.end(name);
  };
  return {
    listener,
    held: () => held.length,
    finish: () => {
      for (const end of held.splice(0)) end();
    },
  };
};

export const answerers = async ({ ports }: Stage, count = 8): Promise<readonly string[]> => {
  const by = new Set<string>();
  for (let asked = 0; asked < count; asked += 1) by.add((await ask({ port: ports.http })).by);
  return [...by].sort();
};

/** Requests go on, four at a time, until it is ended; gives what went wrong. */
export const load = ({
  ports,
}: Stage): { readonly answered: () => number; end(): Promise<readonly unknown[]> } => {
  let going = true;
  let answered = 0;
  const failures: unknown[] = [];
  const one = async (): Promise<void> => {
    while (going)
      await ask({ port: ports.http }).then(
        ({ status }) => (status === 200 ? (answered += 1) : failures.push(status)),
        (error: unknown) => failures.push(error),
      );
  };
  const all = Promise.all([one(), one(), one(), one()]);
  return {
    answered: () => answered,
    end: async () => {
      going = false;
      await all;
      return failures;
    },
  };
};
