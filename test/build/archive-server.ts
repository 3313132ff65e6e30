/** Archives that are served over HTTP on loopback, to whoever has the password. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tarOf } from './archives.js';
import type { Files } from './repository-files.js';

export interface ArchiveServer {
  /** Of an archive of this name. */
  urlOf(name: string): string;
  /** By name; one that is not there is answered with 404. */
  readonly archives: Map<string, Buffer>;
  asked(): number;
  end(): void;
}

/** As `tar czf`. */
export const archiveOf = (files: Files): Buffer =>
  tarOf(...Object.entries(files).map(([name, text]) => ({ name, text })));

export const startArchiveServer = async (
  login: { readonly user: string; readonly password: string } | null = null,
): Promise<ArchiveServer> => {
  const archives = new Map<string, Buffer>();
  const wanted =
    login === null ? undefined : `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    const data = archives.get((request.url ?? '').slice(1));
    if (wanted !== undefined && request.headers.authorization !== wanted)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="archives"' }).end();
    else if (data === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': data.length }).end(data);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (name) => `http://127.0.0.1:${String(port)}/${name}`,
    archives,
    asked: () => asked,
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
