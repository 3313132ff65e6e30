/** `--port 0` on a data directory that was used before: agents know the port of the last run. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const lastPort = (data: string): number | null => {
  try {
    const { url } = JSON.parse(readFileSync(join(data, 'endpoint.json'), 'utf8')) as { readonly url: string };
    const port = Number(new URL(url).port);
    return port > 0 ? port : null;
  } catch {
    return null;
  }
};

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/** The port to listen on; 0: any. `tell` hears when the last one is taken. */
export const portFor = async (
  { data, port, listen }: { readonly data: string; readonly port: number; readonly listen: string },
  tell: (line: string) => void,
): Promise<number> => {
  const last = port === 0 ? lastPort(data) : null;
  if (last === null) return port;
  if (await isFree(last, listen)) return last;
  tell(
    `port ${String(last)}, where the last run was, is taken: agents that know only that address cannot come back until it is free again; another one is used`,
  );
  return 0;
};
