/** Everything the API serves, in the order of discovery. */
import { CORE_EVENTS, GROUP_EVENTS } from './events.js';
import { KIND_VIEWS } from './kinds.js';
import { NAMESPACES } from './namespaces.js';
import type { View } from './view.js';

export const VIEWS: readonly View[] = [NAMESPACES, CORE_EVENTS, GROUP_EVENTS, ...KIND_VIEWS];

/** By what a path says. */
export const findView = (groupVersion: string, plural: string): View | null =>
  VIEWS.find((view) => view.groupVersion === groupVersion && view.plural === plural) ?? null;
