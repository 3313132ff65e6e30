/** The Cloud object named `local`: `up` keeps its endpoint true, and leaves the rest to people. */
import type { CloudSpec } from '../../api-types/kinds/cloud.js';
import { orThrow } from '../../runtime/failure.js';
import type { Objects, Ref, Write } from '../../store/objects/objects.js';

const REF: Ref<'Cloud'> = { kind: 'Cloud', cluster: null, name: 'local' };

const firstSpec = (endpoint: string, provider: 'local' | 'aws'): CloudSpec =>
  provider === 'local'
    ? { provider, region: 'local', endpoints: { ec2: endpoint } }
    : { provider, endpoints: { ec2: endpoint } };

const wanted = (objects: Objects, endpoint: string, provider: 'local' | 'aws'): Write | null => {
  const live = objects.get(REF);
  if (live === null) return { write: 'create', ref: REF, document: { spec: firstSpec(endpoint, provider) } };
  if (live.spec.endpoints?.ec2 === endpoint) return null;
  const { labels, annotations } = live;
  const spec = { ...live.spec, endpoints: { ...live.spec.endpoints, ec2: endpoint } };
  return {
    write: 'replace',
    ref: REF,
    document: { labels, annotations, spec },
    unchangedSince: live.specRevision,
  };
};

/** Creates the object, or points it at the endpoint that is there now. */
export const ensureCloud = async (
  objects: Objects,
  endpoint: string,
  provider: 'local' | 'aws',
): Promise<void> => {
  const write = wanted(objects, endpoint, provider);
  if (write === null) return;
  await objects.caughtUp(await orThrow(objects.write(null, [write])));
};
