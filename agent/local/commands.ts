import { EXIT } from './exit.js';
import type { LocalCommand } from './arguments.js';

export const runLocal = (_command: LocalCommand): Promise<number> => Promise.resolve(EXIT.failed);
