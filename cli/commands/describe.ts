/** `scalarium describe KIND NAME`: spec, conditions with reason and next retry, recent events; a host's timings. */
import type { Command } from 'commander';
import type { Client, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf, valueOrNull } from '../answers.js';
import { type CliContext, type GlobalFlags, UsageError } from '../context.js';
import { described } from '../describe.js';
import { eventOf } from '../event-rows.js';
import { type Asked, asked } from '../words.js';
import { yamlText } from '../yaml.js';

const isAbout =
  (object: ObjectOf) =>
  (event: ObjectOf): boolean => {
    const { regarding } = eventOf(event);
    if (regarding?.kind !== object.kind || regarding.name !== object.metadata.name) return false;
    const uid = regarding.uid;
    return uid === undefined || uid === object.metadata.uid;
  };

/** Events of a cluster are in it; those of a Cluster are in the cluster of its name. */
const eventsAbout = async (client: Client, object: ObjectOf): Promise<readonly ObjectOf[]> => {
  const { namespace, name } = object.metadata;
  const cluster = namespace ?? (object.kind === 'Cluster' ? name : null);
  const list = await valueOrNull(client.list('Event', { cluster }));
  return (list?.items ?? []).filter(isAbout(object));
};

const objectsAsked = async (
  client: Client,
  what: Asked,
  flags: GlobalFlags,
): Promise<readonly ObjectOf[]> => {
  const cluster = what.entry.scope === 'Cluster' ? null : await clusterMeant(client, flags);
  const { kind, names } = what;
  const objects: ObjectOf[] = [];
  for (const name of names) objects.push(await valueOf(client.get({ kind, cluster, name })));
  return objects;
};

const run = async (context: CliContext, words: readonly string[], flags: GlobalFlags): Promise<void> => {
  const [word = '', ...names] = words;
  const what = asked(word, names);
  if (what.names.length === 0) throw new UsageError(`name the ${what.entry.plural} to describe`);
  const client = context.connect(flags);
  const texts: string[] = [];
  for (const object of await objectsAsked(client, what, flags)) {
    const events = await eventsAbout(client, object);
    texts.push(described({ object, events, now: context.now(), yaml: yamlText }));
  }
  context.out(texts.join('\n\n'));
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('describe')
    .description('tell all about one object: spec, conditions, events; of a host also its timings')
    .argument('<kind>', 'clouds, clusters, roles, instances, or KIND/NAME')
    .argument('[names...]')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
