/** Requests to one URL, a fixed number at a time, each with its end: what was answered by whom, and what was not. */
import { Agent, request } from 'node:http';

export interface LoadOptions {
  readonly url: string;
  /** The name that is asked for; that of the URL unless told. */
  readonly domain?: string;
  /** So many requests at a time, one after the other each. */
  readonly atOnce: number;
  /** Connections are kept for the next request. */
  readonly keepAlive: boolean;
  /** Between two requests of one of them. */
  readonly pauseMs?: number;
}

/** A request that was not answered well; times as of `performance.now()`. */
export interface Failed {
  readonly begun: number;
  readonly ended: number;
  /** The status, or the error's code. */
  readonly reason: string;
}

export interface LoadFigures {
  readonly answered: number;
  readonly failed: readonly Failed[];
  /** How many answers each revision gave. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly instances: ReadonlyMap<string, number>;
  readonly slowestMs: number;
}

export interface Load {
  /** So far. */
  figures(): LoadFigures;
  end(): Promise<LoadFigures>;
}

const ANSWER_WITHIN_MS = 30_000;
const OK = 200;

interface Answer {
  /** Empty: it was answered well. */
  readonly problem: string;
  readonly text: string;
}

const ask = ({ url, domain }: LoadOptions, agent: Agent): Promise<Answer> =>
  new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      resolve({ problem: error.code ?? error.message, text: '' });
    };
    const headers = domain === undefined ? {} : { host: domain };
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const asked = request(url, { agent, headers, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('error', failed);
      answer.once('end', () => {
        const { statusCode = 0 } = answer;
        resolve({ problem: statusCode === OK ? '' : `status ${String(statusCode)}`, text });
      });
    });
    asked.once('error', failed);
    asked.end();
  });

interface Said {
  readonly revision?: string;
  readonly instance?: string;
}

const one = (counts: Map<string, number>, name = ''): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** Runs until it is ended. */
export const startLoad = (options: LoadOptions): Load => {
  const { atOnce, keepAlive, pauseMs = 0 } = options;
  const agent = new Agent({ keepAlive, maxSockets: atOnce });
  const failed: Failed[] = [];
  const revisions = new Map<string, number>();
  const instances = new Map<string, number>();
  let answered = 0;
  let slowestMs = 0;
  let ended = false;
  const once = async (): Promise<void> => {
    const begun = performance.now();
    const { problem, text } = await ask(options, agent);
    const now = performance.now();
    if (problem !== '') {
      failed.push({ begun, ended: now, reason: problem });
      return;
    }
    const { revision, instance } = JSON.parse(text) as Said;
    answered += 1;
    slowestMs = Math.max(slowestMs, now - begun);
    one(revisions, revision);
    one(instances, instance);
  };
  const again = async (): Promise<void> => {
    while (!ended) {
      await once();
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const all = Array.from({ length: atOnce }, again);
  const figures = (): LoadFigures => ({ answered, failed: [...failed], revisions, instances, slowestMs });
  return {
    figures,
    end: async () => {
      ended = true;
      await Promise.all(all);
      agent.destroy();
      return figures();
    },
  };
};

/**
 * Those that failed and were not on their way when something was killed at `killed`: a host that dies cannot answer what it
 * has been asked, and nobody can ask another one in its place.
 */
export const failedApartFrom = (killed: number, failed: readonly Failed[]): readonly Failed[] =>
  failed.filter(({ begun, ended }) => begun > killed || ended < killed);
