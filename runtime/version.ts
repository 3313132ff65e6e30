/** The version of the program: put in by the bundler; `dev` when run from source. */
declare const SCALARIUM_VERSION: string | undefined;

export const VERSION = typeof SCALARIUM_VERSION === 'string' ? SCALARIUM_VERSION : 'dev';
