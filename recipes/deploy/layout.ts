/** Where an application is on a host, as Capistrano has it: releases, what they share, and which one is current. */
import { Name } from '../../api-types/words.js';

export interface Layout {
  /** Root's: nobody else can put a link in the way of who works in it. */
  readonly top: string;
  /** Its user's; each release is a folder that is named by its number. */
  readonly releases: string;
  readonly shared: string;
  /** A link to the release in force; none where there is none. */
  readonly current: string;
  /** Root's alone: a release is here until it is whole and its user's. */
  readonly staging: string;
  /** What hooks are told beside their environment. */
  readonly attributes: string;
}

/** Throws for what is no name of an application: it becomes part of paths. */
export const layoutOf = (application: string): Layout => {
  const isName: boolean = Name.is(application);
  if (!isName) throw new Error(`"${application}" is no name of an application`);
  const top = `/srv/www/${application}`;
  return {
    top,
    releases: `${top}/releases`,
    shared: `${top}/shared`,
    current: `${top}/current`,
    staging: `${top}/.unpacking`,
    attributes: `${top}/attributes.json`,
  };
};

/** The folder of a release. */
export const releaseFolder = (application: string, number: number): string => {
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`${String(number)} is no number of a release`);
  return `${layoutOf(application).releases}/${String(number)}`;
};

/** Below `top`: what `current` is a link to. */
export const currentTarget = (number: number): string => `releases/${String(number)}`;
