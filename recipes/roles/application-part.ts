/** What one application is on one host: what its release makes of the role's recipe. */
import type { Notification, Resource, SecretText, ServiceResource } from '../resource.js';

/** Pure: of a snapshot whose `applications` say which release is meant, and in which slot it runs. */
export interface ApplicationPart {
  /** Builds, runs hooks and migrations, and owns releases and what is in `shared`. */
  readonly user: string;
  /** Of its processes, builds, hooks and migrations. */
  readonly environment: Readonly<Record<string, SecretText>>;
  /**
   * Folders, environment, start files, sites of nginx, what is shared with others (php-fpm, Tomcat, nginx) as services;
   * without notifications of its own services.
   */
  readonly files: readonly Resource[];
  /** Its processes as services of the slot, `web` first; none where something shared serves it (nginx, php-fpm, Tomcat). */
  readonly services: readonly ServiceResource[];
  /** Of the other slot, to be stopped: ended by `finish`. */
  readonly others: readonly ServiceResource[];
  /** What has new code taken up, once `current` leads to it; in this order. Of several families, the host's. */
  readonly takeUp: readonly Notification[];
  /** Where its web process answers: a port, or the path of a socket; null: it answers nobody. */
  readonly at: number | string | null;
  /** Both slots can run side by side. */
  readonly mayOverlap: boolean;
}
