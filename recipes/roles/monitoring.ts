/** Monitoring: Prometheus, which asks every host of the cluster; and on those what it asks. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { settingsOf } from '../attributes.js';
import { allHosts, rolesOfType } from '../members.js';
import type { Notification, Resource, ServiceResource } from '../resource.js';
import { HEAD, type RoleRecipe } from './role-recipe.js';

const service = (name: string): ServiceResource => ({
  type: 'service',
  name,
  state: 'running',
  enabled: true,
  // other families have no packages of it
  family: 'debian',
  on: 'machine',
});

const PROMETHEUS = service('prometheus');
const EXPORTER = service('prometheus-node-exporter');

const restartOf = (name: string): readonly Notification[] => [
  { action: 'restart', resource: `service[${name}]` },
];

const TARGETS = '/etc/prometheus/scalarium-targets.json';

/** One entry a host, by name; Prometheus reads the file anew when it changes. */
const targets = (snapshot: Snapshot, port: number): string => {
  const all = allHosts(snapshot).filter(({ host }) => host.address !== '');
  const entries = all.map(({ name, host }) => ({
    targets: [`${host.address}:${String(port)}`],
    labels: {
      instance: name,
      cluster: snapshot.cluster,
      role: host.role,
      zone: host.zone,
      ready: String(host.ready),
    },
  }));
  return `${JSON.stringify(entries, null, 2)}\n`;
};

const config = (port: number, scrapeSeconds: number): string => `${HEAD}global:
  scrape_interval: ${String(scrapeSeconds)}s
  scrape_timeout: ${String(Math.min(scrapeSeconds, 10))}s
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ['localhost:${String(port)}']
  - job_name: hosts
    file_sd_configs:
      - files: ['${TARGETS}']
`;

const argumentsFile = (name: string, words: string): Resource => ({
  type: 'file',
  path: `/etc/default/${name}`,
  content: `${HEAD}ARGS="${words}"\n`,
  family: 'debian',
  notifies: restartOf(name),
});

const converge = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { prometheus, exporter } = settingsOf(snapshot, role, 'monitoring');
  const { port, retentionDays } = prometheus;
  const scrapeSeconds = Math.max(1, Math.round(prometheus.scrapeSeconds));
  return [
    { type: 'package', names: ['prometheus'], family: 'debian' },
    { type: 'file', path: TARGETS, content: targets(snapshot, exporter.port), family: 'debian' },
    {
      type: 'file',
      path: '/etc/prometheus/prometheus.yml',
      content: config(port, scrapeSeconds),
      check: ['promtool', 'check', 'config', '{}'],
      family: 'debian',
      on: 'machine',
      notifies: [{ action: 'reload', resource: 'service[prometheus]' }],
    },
    argumentsFile(
      'prometheus',
      `--web.listen-address=:${String(port)} --storage.tsdb.retention.time=${String(retentionDays)}d`,
    ),
    PROMETHEUS,
  ];
};

/** What every host of the cluster gets when it has a monitoring role that asks for it. */
export const exporterFor = (snapshot: Snapshot): readonly Resource[] => {
  const [role] = rolesOfType(snapshot, 'monitoring');
  if (role === undefined) return [];
  const { exporter } = settingsOf(snapshot, role, 'monitoring');
  if (!exporter.enabled) return [];
  return [
    { type: 'package', names: [EXPORTER.name], family: 'debian' },
    argumentsFile(EXPORTER.name, `--web.listen-address=:${String(exporter.port)}`),
    EXPORTER,
  ];
};

export const monitoring: RoleRecipe = {
  converge,
  shutdown: () => [{ ...PROMETHEUS, state: 'stopped' }],
};
