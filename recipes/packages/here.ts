/** The packages of a platform. */
import type { Platform } from '../platform.js';
import { apt } from './apt.js';
import { dnf } from './dnf.js';
import type { Packages } from './packages.js';

const none: Packages = {
  lacking: () => Promise.resolve([]),
  bring: () => Promise.reject(new Error('this host has no packages')),
};

/** Of one run: what is known of them is forgotten with it. */
export const packagesOf = ({ packages, init }: Platform, signal: AbortSignal): Packages => {
  if (packages === 'none') return none;
  return packages === 'apt' ? apt(signal, init === 'systemd') : dnf(signal);
};
