/** What hosts are told to do with one application, as a part of a deploy or undeploy event. */
import * as t from 'io-ts';
import { described } from './described.js';
import { ApplicationSource } from './application-source.js';
import { Release } from './release.js';
import { fields, oneOf } from './words.js';

/**
 * fetch: bring the source, pack it, hand the pack to the control plane. prepare: bring the pack, unpack, build; nothing in
 * force is touched. migrate: run the migration of a prepared release; never a second time by itself. activate: make a
 * prepared release the one in force (prepares it where it is not), restart, until it is well; one that does not get well is
 * taken back. finish: after an overlap, end the processes of before. restart, start, stop: the processes. undeploy: end
 * processes and remove the code.
 */
export const DEPLOY_STEPS = [
  'fetch',
  'prepare',
  'migrate',
  'activate',
  'finish',
  'restart',
  'start',
  'stop',
  'undeploy',
] as const;
export type DeployStep = (typeof DEPLOY_STEPS)[number];

export const DeployOrder = fields(
  'DeployOrder',
  {
    uid: described(t.string, 'The uid of the Deployment.'),
    deployment: described(t.string, 'The name of the Deployment.'),
    application: described(t.string, 'The name of the Application.'),
    step: described(oneOf(DEPLOY_STEPS), 'What is to be done with it.'),
  },
  {
    release: described(Release, 'prepare, migrate, activate: which release.'),
    overlap: described(t.boolean, 'activate: the processes of before go on until `finish`.'),
    source: described(ApplicationSource, 'fetch: where it comes from.'),
    revision: described(t.string, 'fetch: what is wanted of it.'),
    attributes: described(t.UnknownRecord, 'Free JSON of this Deployment; wins over all other attributes.'),
  },
);
export interface DeployOrder extends t.TypeOf<typeof DeployOrder> {}
