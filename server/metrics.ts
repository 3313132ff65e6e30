/** Numbers about the control plane, as Prometheus text or JSON. */

export interface Metric {
  /** `scalarium_queue_depth`. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const line = ({ name, labels, value }: Metric): string => {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${String(value)}`;
};

/** The Prometheus text format (0.0.4), one line a metric. */
export const prometheusText = (metrics: readonly Metric[]): string => `${metrics.map(line).join('\n')}\n`;
