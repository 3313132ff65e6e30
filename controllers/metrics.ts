/** What `/metrics` says of a control plane. */
import type { Clouds } from '../cloud/cloud.js';
import type { LoopMetrics } from '../runtime/loop.js';
import type { Objects } from '../store/objects/objects.js';

/** One number, as the server serves it. */
interface Metric {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

type Counts = Readonly<Record<string, number>>;

export interface MetricSources {
  readonly store: { writes(): { readonly transactions: number; readonly operations: number } };
  readonly objects: Objects;
  readonly clouds: Clouds;
  /** Counters by name; those by reason are a map. Null before it is open. */
  readonly gateway: () => Readonly<Record<string, number | Counts>> | null;
  readonly loops: () => readonly LoopMetrics[];
}

const storeMetrics = ({ store, objects }: MetricSources): readonly Metric[] => {
  const { transactions, operations } = store.writes();
  return [
    { name: 'scalarium_store_transactions_total', value: transactions },
    { name: 'scalarium_store_operations_total', value: operations },
    { name: 'scalarium_store_revision', value: objects.revision() },
  ];
};

const cloudMetrics = ({ objects, clouds }: MetricSources): readonly Metric[] =>
  objects.list('Cloud').flatMap(({ ref: { name } }) =>
    Object.entries(clouds.get(name)?.cloud.calls() ?? {}).map(([action, value]) => ({
      name: 'scalarium_cloud_calls_total',
      labels: { cloud: name, action },
      value,
    })),
  );

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const GAUGES = ['connected', 'peers'];

const gatewayMetrics = ({ gateway }: MetricSources): readonly Metric[] =>
  Object.entries(gateway() ?? {}).flatMap(([name, value]): readonly Metric[] => {
    const metric = `scalarium_gateway_${snakeCase(name)}`;
    if (typeof value === 'number')
      return [{ name: GAUGES.includes(name) ? metric : `${metric}_total`, value }];
    return Object.entries(value).map(([reason, count]) => ({
      name: `${metric}_total`,
      labels: { reason },
      value: count,
    }));
  });

const loopMetrics = ({ controller, depth, oldestAgeMillis, runs }: LoopMetrics): readonly Metric[] => [
  { name: 'scalarium_queue_depth', labels: { controller }, value: depth },
  { name: 'scalarium_queue_oldest_age_seconds', labels: { controller }, value: oldestAgeMillis / 1000 },
  ...Object.entries(runs).map(([outcome, value]) => ({
    name: 'scalarium_runs_total',
    labels: { controller, outcome },
    value,
  })),
];

/** Reads all of it, now. */
export const metricsOf = (sources: MetricSources) => (): readonly Metric[] => [
  ...storeMetrics(sources),
  ...cloudMetrics(sources),
  ...gatewayMetrics(sources),
  ...sources.loops().flatMap(loopMetrics),
];
