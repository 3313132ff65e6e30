import type { IncomingMessage } from 'node:http';

/** The token of `Authorization: Bearer …`, or empty. */
export const bearerOf = ({ headers }: IncomingMessage): string =>
  /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? '';
