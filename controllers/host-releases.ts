/** What hosts run, as their records tell. Pure. */
import type { InstanceApplication, InstanceStatus } from '../api-types/kinds/instance.js';
import type { HostRelease } from '../api-types/release.js';
import { parseTimestamp } from '../runtime/clock.js';

/** To a Deployment. */
const toldOf = (
  { machine, applications }: InstanceStatus,
  application: string,
): InstanceApplication | undefined => {
  const told = applications?.[application];
  return told?.machine === machine?.id ? told : undefined;
};

/** At the deploy after a setup. */
const broughtTo = ({ machine, deploy }: InstanceStatus, application: string): HostRelease | undefined =>
  deploy?.machine === machine?.id ? deploy?.releases?.[application] : undefined;

const isOlder = ({ at }: InstanceApplication, { deploy }: InstanceStatus): boolean =>
  at !== undefined && deploy !== undefined && parseTimestamp(at) < parseTimestamp(deploy.at);

/** What the host said last that it runs of the application, to a Deployment or after a setup; undefined: nothing. */
export const runsOf = (
  { status }: { readonly status: InstanceStatus },
  application: string,
): HostRelease | undefined => {
  const told = toldOf(status, application);
  const first = broughtTo(status, application);
  if (told === undefined || first === undefined) return told ?? first;
  return isOlder(told, status) ? first : told;
};
