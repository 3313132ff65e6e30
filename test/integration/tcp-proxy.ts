/** Between a client and a server on loopback: cuts connections, goes silent, refuses. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly endpoint: string;
  /** Resets every connection there is; new ones are served. */
  cut(): void;
  /** The next answer of the server does not arrive: its connection is reset instead. Once. */
  loseAnswer(): void;
  /** Holds back all bytes from now on, without closing anything; `false` lets new connections through again. */
  silence(silent: boolean): void;
  close(): Promise<void>;
}

/** Listens on a free port and passes everything on to `port`. */
export const startProxy = async (port: number): Promise<TcpProxy> => {
  const pairs = new Set<Socket>();
  let silent = false;
  let losing = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      pairs.add(from);
      from.on('data', (chunk: Buffer) => {
        if (losing && from === far) {
          losing = false;
          near.resetAndDestroy();
        } else if (!silent) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        pairs.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const socket of [...pairs]) socket.resetAndDestroy();
  };
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut,
    loseAnswer: () => {
      losing = true;
    },
    silence: (value) => {
      silent = value;
    },
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => {
          resolve();
        });
      }),
  };
};
