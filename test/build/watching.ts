/** A bare watch: the lines as they come. */
import { type IncomingMessage, request } from 'node:http';
import { TOKEN } from './server.js';

export interface Line {
  readonly type: string;
  readonly object: {
    readonly kind?: string;
    readonly metadata: {
      readonly name: string;
      readonly resourceVersion: string;
      readonly uid: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly code?: number;
    readonly reason?: string;
    readonly columnDefinitions?: readonly unknown[];
    readonly rows?: readonly { readonly cells: readonly string[]; readonly object: Line['object'] }[];
  };
}

export interface Watch {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  /** Resolves with the next line, or null at the end. */
  next(): Promise<Line | null>;
  end(): void;
}

type Headers = Readonly<Record<string, string>>;

const opened = (port: number, path: string, more: Headers): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}`, ...more };
    const asking = request({ host: '127.0.0.1', port, path, headers, agent: false }, resolve);
    asking.on('error', reject);
    asking.end();
  });

async function* linesOf(response: IncomingMessage): AsyncGenerator<Line> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part) as Line;
  }
}

/** Opens one. */
export const watch = async (port: number, path: string, headers: Headers = {}): Promise<Watch> => {
  const response = await opened(port, path, headers);
  const lines = linesOf(response);
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    next: async () => {
      const line = await lines.next();
      return line.done === true ? null : line.value;
    },
    end: () => response.destroy(),
  };
};
