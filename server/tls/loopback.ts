/** Which addresses never leave this machine. */
import { isIP } from 'node:net';

/** `localhost`, 127/8 and ::1; a name may lead anywhere. */
export const isLoopback = (host: string): boolean => {
  if (host.toLowerCase() === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
};
