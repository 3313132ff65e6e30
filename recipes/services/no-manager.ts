/** Where nothing manages services. */
import type { ServiceManager } from './service-manager.js';

/** Every method rejects with this, for people. */
export const noManager = (why: string): ServiceManager => {
  const refuse = (): Promise<never> => Promise.reject(new Error(why));
  return {
    state: refuse,
    start: refuse,
    stop: refuse,
    restart: refuse,
    reload: refuse,
    enable: refuse,
    disable: refuse,
    readUnits: refuse,
  };
};
