/**
 * The certificate library's container insists on reflect-metadata, and asks it only about decorated constructors that
 * take no arguments: nothing is known of any of them.
 */
const nothing = (): undefined => undefined;
if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata: nothing, getOwnMetadata: nothing });

export {};
