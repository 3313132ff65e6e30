/** `scalarium logs --deployment`: what hosts wrote of a Deployment's events, host by host; then new lines as they come. */
import * as E from 'fp-ts/lib/Either.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Client } from '../../client/client.js';
import { lineOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { hostOutput } from '../host-output.js';
import { logLine, prefixesOf } from '../log-lines.js';
import { shortName } from '../words.js';
import { type Deployment, addressOf, hostsOf, nameOf, statusOf } from './deployment.js';

interface Asked {
  readonly tail: number;
  readonly follow: boolean;
  readonly raw: boolean;
}

/** A host wrote of other events, too: so many lines are looked through. */
const LOOKED_THROUGH = 5_000;

interface Reading {
  readonly context: CliContext;
  readonly client: Client;
  readonly cluster: string;
  readonly asked: Asked;
}

const eventIn = (line: string): string => {
  try {
    const { event } = JSON.parse(line) as { readonly event?: unknown };
    return typeof event === 'string' ? event : '';
  } catch {
    return '';
  }
};

interface OfHost {
  readonly name: string;
  readonly prefix: string;
  readonly events: ReadonlySet<string>;
}

/** The newest lines of these events; whether they could be read. */
const readHost = async (
  { context, client, cluster, asked }: Reading,
  { name, prefix, events }: OfHost,
): Promise<boolean> => {
  const tail = Math.max(asked.tail, LOOKED_THROUGH);
  const of = { kind: 'Instance', cluster, name } as const;
  const opened = await client.logs(of, { tail, signal: context.interrupted })();
  if (E.isLeft(opened)) {
    context.err(`${shortName('host', name)}: ${lineOf(opened.left)}\n`);
    return false;
  }
  const lines: string[] = [];
  for await (const line of opened.right) if (events.has(eventIn(line))) lines.push(line);
  const shown = asked.tail === 0 ? [] : lines.slice(-asked.tail);
  for (const line of shown) context.out(`${prefix}${asked.raw ? line : logLine(line, context.colour)}\n`);
  return true;
};

/** Its hosts, each with the events whose lines are all there: what still goes on is read as it comes. */
const historyOf = (deployment: Deployment, follow: boolean, colour: boolean): readonly OfHost[] => {
  const status = statusOf(deployment);
  const told = hostsOf(deployment).filter(([, { event }]) => event !== undefined);
  const prefixes = prefixesOf(
    told.map(([name]) => name),
    colour,
  );
  return told.map(([name, { event = '' }], at) => {
    const later = follow && !isEnded(status) ? event : '';
    const events = new Set((status.events ?? []).filter((one) => one !== later));
    return { name, prefix: prefixes[at] ?? '', events };
  });
};

const readHistory = async (reading: Reading, deployment: Deployment): Promise<number> => {
  const { context, asked } = reading;
  let bad = 0;
  for (const host of historyOf(deployment, asked.follow, context.colour)) {
    if (context.interrupted.aborted) return bad;
    if (!(await readHost(reading, host))) bad += 1;
  }
  return bad;
};

const goOn = async ({ context, client, cluster, asked }: Reading, begun: Deployment): Promise<void> => {
  const show = (line: string): void => {
    context.out(`${line}\n`);
  };
  const { interrupted: signal } = context;
  const output = hostOutput(context, client, { cluster, signal, show, raw: asked.raw });
  const see = (deployment: Deployment): boolean => {
    for (const [name, { event }] of hostsOf(deployment)) if (event !== undefined) output.want(name, event);
    return isEnded(statusOf(deployment));
  };
  const { name, resourceVersion, uid } = begun.metadata;
  try {
    if (see(begun)) return;
    const how = { cluster, name, resourceVersion, known: [begun], signal };
    for await (const { type, object } of client.watch('Deployment', how))
      if (type === 'DELETED' || object.metadata.uid !== uid || see(object)) return;
  } finally {
    await output.close();
  }
};

/** Ends when the Deployment has ended, where it is followed. */
export const deploymentLogs = async (
  context: CliContext,
  client: Client,
  deployment: Deployment,
  asked: Asked,
): Promise<void> => {
  const reading = { context, client, cluster: addressOf(deployment).cluster ?? '', asked };
  const bad = await readHistory(reading, deployment);
  if (asked.follow && !isEnded(statusOf(deployment))) await goOn(reading, deployment);
  if (bad === 0) return;
  const hosts = hostsOf(deployment).length;
  throw new CliError(
    `the logs of ${String(bad)} of ${String(hosts)} hosts of ${nameOf(deployment)} could not be shown`,
    { exit: EXIT.failed },
  );
};
