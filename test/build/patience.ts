/**
 * How long tests wait for what must come. They look often and go on at once when it is there, so the bound costs nothing
 * but where something is broken; a slow machine with other load takes its time.
 */
export const PATIENCE_SECONDS = 90;
export const PATIENCE_MS = PATIENCE_SECONDS * 1000;
