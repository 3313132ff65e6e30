/** Words of the deployments' tests: releases, orders, and what hosts answer to them. */
import type { DeployOrder } from '../../../../api-types/deploy-order.js';
import type { EventResult } from '../../../../api-types/kinds/lifecycle-event.js';
import type { Release } from '../../../../api-types/release.js';
import { EPOCH } from '../../../build/objects.js';

export const CLUSTER = 'shop';
export const APP = 'web';

/** What a host was told. */
export interface HostOrder extends DeployOrder {
  readonly event: string;
  readonly instance: string;
  readonly machine: string;
}

/** A release that is in force, or was. */
export const release = (number: number, config: Partial<Release['config']> = {}): Release => ({
  number,
  deployment: `deploy-${String(number)}`,
  revision: `rev-${String(number)}`,
  digest: String(number).repeat(64).slice(0, 64),
  roles: ['app'],
  config: { type: 'nodejs', ...config },
  createdAt: EPOCH,
});

export const rolling = (batch: number | string, more: object = {}) => ({
  strategy: { type: 'rolling' as const, batch, ...more },
});

/** What a host answers that did what it was told, but for what is given. */
export const resultOf = (order: HostOrder, said: Partial<EventResult> = {}): EventResult => {
  const { event, instance, machine, step, release: of } = order;
  const releases: EventResult['releases'] =
    step === 'activate' && of !== undefined ? { [APP]: { release: of.number, revision: of.revision } } : {};
  return {
    event,
    instance,
    machine,
    state: 'succeeded',
    attempt: 1,
    startedAt: EPOCH,
    finishedAt: EPOCH,
    ...(said.state === 'failed' ? {} : { releases }),
    ...said,
  };
};
