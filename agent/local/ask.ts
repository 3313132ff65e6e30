/** Asks the daemon of this host. */
import { connect } from 'node:net';
import { type Answers, type Question, socketOf } from './door.js';

/** Nobody listens: the daemon does not run. */
export class NotRunning extends Error {}

/** In words for people. */
export const sentenceOf = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'only root may ask the agent of this host';
  return message;
};

const NOBODY: readonly (string | undefined)[] = ['ENOENT', 'ECONNREFUSED'];

const problemOf = (error: NodeJS.ErrnoException, path: string): Error =>
  NOBODY.includes(error.code)
    ? new NotRunning(
        `the agent does not run: nothing listens on ${path}; see: systemctl status scalarium-agent`,
      )
    : error;

/** Rejects with NotRunning when the daemon does not run. */
export const askDaemon = <Q extends Question>(root: string, question: Q): Promise<Answers[Q['ask']]> =>
  new Promise((resolve, reject) => {
    const path = socketOf(root);
    const socket = connect(path);
    let text = '';
    socket.on('error', (error) => {
      reject(problemOf(error, path));
    });
    socket.on('connect', () => socket.write(`${JSON.stringify(question)}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => {
      try {
        const { answer, problem } = JSON.parse(text) as { answer?: Answers[Q['ask']]; problem?: string };
        if (problem !== undefined) reject(new Error(problem));
        else resolve(answer as Answers[Q['ask']]);
      } catch {
        reject(new Error('the agent ended while it was asked'));
      }
    });
  });
