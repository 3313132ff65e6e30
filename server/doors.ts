/** Every door, in the order in which they are tried. */
import { auditDoor } from './audit/door.js';
import { discoveryDoors } from './discovery/discovery.js';
import type { Door } from './door.js';
import { healthDoors } from './health.js';
import { metricsDoor } from './metrics-door.js';
import { openapiDoors } from './openapi/openapi.js';
import { planDoor } from './plans.js';
import { reviewDoors } from './reviews/doors.js';
import { userDoors } from './users/doors.js';
import { webhookDoor } from './webhooks/door.js';

/** Every path that is no resource. */
export const DOORS: readonly Door[] = [
  ...healthDoors,
  ...discoveryDoors,
  ...openapiDoors,
  ...userDoors,
  ...reviewDoors,
  planDoor,
  metricsDoor,
  auditDoor,
  webhookDoor,
];

/** Doors with this path, whatever their method. */
export const doorsAt = (path: string): readonly Door[] =>
  DOORS.filter((door) => (typeof door.path === 'string' ? door.path === path : door.path.test(path)));
