/** The end of a deleted Application: its hosts are told to take it away and given time, then its record goes. Pure. */
import { seconds } from '../../api-types/units.js';
import { sha256 } from '../../recipes/members.js';
import type { Live } from '../../store/objects/objects.js';
import type { Order, Plan, Step } from './actions.js';
import { runsOf } from '../host-releases.js';
import { isOnline, machineOf } from './hosts.js';
import type { View } from './view.js';

const TIMEOUT_SECONDS = 120;
const GRACE = seconds(30);

/** Of this incarnation: the next one of the name has other events. */
export const teardownEvent = ({ uid }: Live<'Application'>): string =>
  `release-undeploy-${sha256(uid).slice(0, 12)}-0`;

const orderOf = (view: View, application: Live<'Application'>): Order => ({
  name: teardownEvent(application),
  cause: `Application ${view.name} was deleted`,
  order: { uid: application.uid, deployment: view.name, application: view.name, step: 'undeploy' },
  targets: [...view.instances.values()]
    .filter((live) => isOnline(live) && runsOf(live, view.name) !== undefined)
    .map((live) => ({ instance: live.ref.name, machine: machineOf(live) })),
  timeoutSeconds: TIMEOUT_SECONDS,
});

/** Hosts that have not answered and still can. */
const awaited = (view: View, { ref, status }: Live<'LifecycleEvent'>): number =>
  status.targets.filter(({ instance, machine }) => {
    const live = view.instances.get(instance);
    return (
      live !== undefined && machineOf(live) === machine && view.answerTo(ref.name, machine) === undefined
    );
  }).length;

/** Who took it away runs nothing of it. */
const answered = (view: View, { ref, status }: Live<'LifecycleEvent'>): readonly Step[] =>
  status.targets
    .filter(({ instance, machine }) => {
      const has = view.instances.get(instance)?.status.applications?.[view.name] !== undefined;
      return has && view.answerTo(ref.name, machine)?.state === 'succeeded';
    })
    .map(({ instance }) => ({ action: 'runs', instance, patch: { applications: { [view.name]: null } } }));

/** Once its Deployments have ended. */
export const tearDown = (view: View, application: Live<'Application'>): Plan => {
  const forget: Step = { action: 'forget', live: application };
  const event = view.eventOf(teardownEvent(application));
  if (event === null) {
    const order = orderOf(view, application);
    if (order.targets.length === 0) return { steps: [forget], wait: null };
    return { steps: [{ action: 'order', ...order }], wait: null };
  }
  const left = seconds(TIMEOUT_SECONDS) + GRACE - view.waitedFor(event.ref.name);
  const steps = answered(view, event);
  if (left > 0 && awaited(view, event) > 0)
    return { steps, wait: { after: left, why: 'hosts are to take it away' } };
  return { steps: [...steps, forget], wait: null };
};
