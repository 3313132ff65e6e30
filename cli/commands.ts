/** Every verb: what `help` says of it, and the file it is loaded from when it is called. */
import type { CommandModule } from './context.js';

export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** A heading of `help`, and the verbs below it. */
export interface VerbGroup {
  readonly title: string;
  readonly verbs: readonly Verb[];
}

/** As `help` shows them; its own verb comes last. */
export const VERB_GROUPS: readonly VerbGroup[] = [
  {
    title: 'Look',
    verbs: [
      { name: 'get', summary: 'list objects, or show some', load: () => import('./commands/get.js') },
      {
        name: 'describe',
        summary: 'tell all about one object',
        load: () => import('./commands/describe.js'),
      },
      {
        name: 'explain',
        summary: 'what a kind and its fields mean',
        load: () => import('./commands/explain.js'),
      },
      { name: 'events', summary: 'what has happened lately', load: () => import('./commands/events.js') },
      {
        name: 'logs',
        summary: 'what hosts have done, as their agents wrote it',
        load: () => import('./commands/logs.js'),
      },
      { name: 'wait', summary: 'wait until objects are as wanted', load: () => import('./commands/wait.js') },
    ],
  },
  {
    title: 'Change',
    verbs: [
      { name: 'apply', summary: 'make objects what files say', load: () => import('./commands/apply.js') },
      {
        name: 'plan',
        summary: 'show what applying files would do',
        load: () => import('./commands/plan.js'),
      },
      {
        name: 'diff',
        summary: 'show what applying files would change',
        load: () => import('./commands/diff.js'),
      },
      { name: 'edit', summary: 'edit an object in your editor', load: () => import('./commands/edit.js') },
      {
        name: 'scale',
        summary: 'say how many hosts a role is to have',
        load: () => import('./commands/scale.js'),
      },
      { name: 'delete', summary: 'delete objects', load: () => import('./commands/delete.js') },
      {
        name: 'consent',
        summary: 'let a parked edit end many hosts',
        load: () => import('./commands/consent.js'),
      },
    ],
  },
  {
    title: 'Hosts',
    verbs: [
      {
        name: 'run',
        summary: 'carry recipes out now, on chosen hosts',
        load: () => import('./commands/run.js'),
      },
      {
        name: 'drift',
        summary: 'show what recipes would change on hosts',
        load: () => import('./commands/drift.js'),
      },
      {
        name: 'cookbooks',
        summary: 'where recipes come from; pin newer revisions',
        load: () => import('./commands/cookbooks.js'),
      },
      { name: 'ssh', summary: 'open a shell on a host', load: () => import('./commands/ssh.js') },
      {
        name: 'start',
        summary: 'start stopped hosts, or an application',
        load: () => import('./commands/start.js'),
      },
      {
        name: 'stop',
        summary: 'shut hosts down, or stop an application',
        load: () => import('./commands/stop.js'),
      },
      {
        name: 'restart',
        summary: 'reboot hosts, or restart an application',
        load: () => import('./commands/restart.js'),
      },
    ],
  },
  {
    title: 'Deploy',
    verbs: [
      {
        name: 'deploy',
        summary: 'bring a revision of an application onto its hosts',
        load: () => import('./commands/deploy.js'),
      },
      {
        name: 'rollback',
        summary: 'go back to an earlier release',
        load: () => import('./commands/rollback.js'),
      },
      {
        name: 'deployments',
        summary: 'who deployed what, and how it ended',
        load: () => import('./commands/deployments.js'),
      },
      {
        name: 'promote',
        summary: 'have a paused deployment go on',
        load: () => import('./commands/promote.js'),
      },
      {
        name: 'abort',
        summary: 'end a deployment, and go back',
        load: () => import('./commands/abort.js'),
      },
      {
        name: 'deployment',
        summary: 'promote or abort one, under its longer name',
        load: () => import('./commands/deployment.js'),
      },
      {
        name: 'migrate',
        summary: 'run the migration of an application',
        load: () => import('./commands/migrate.js'),
      },
      {
        name: 'undeploy',
        summary: 'end an application and remove its code',
        load: () => import('./commands/undeploy.js'),
      },
      {
        name: 'lock',
        summary: 'keep everybody from deploying, and say why',
        load: () => import('./commands/lock.js'),
      },
      {
        name: 'unlock',
        summary: 'let people deploy again',
        load: () => import('./commands/unlock.js'),
      },
    ],
  },
  {
    title: 'Access',
    verbs: [
      { name: 'login', summary: 'log in at a control plane', load: () => import('./commands/login.js') },
      {
        name: 'logout',
        summary: 'revoke a login, and forget it',
        load: () => import('./commands/logout.js'),
      },
      { name: 'whoami', summary: 'say who you are', load: () => import('./commands/whoami.js') },
      {
        name: 'can-i',
        summary: 'say whether you may do something',
        load: () => import('./commands/can-i.js'),
      },
      { name: 'user', summary: 'people and programs', load: () => import('./commands/user.js') },
      { name: 'token', summary: 'make, list and revoke tokens', load: () => import('./commands/token.js') },
      {
        name: 'grant',
        summary: 'say who may do what in a cluster',
        load: () => import('./commands/grant.js'),
      },
      {
        name: 'secret',
        summary: 'set values of Secrets, or list their names',
        load: () => import('./commands/secret.js'),
      },
      { name: 'audit', summary: 'who did what', load: () => import('./commands/audit.js') },
    ],
  },
  {
    title: 'Control plane',
    verbs: [
      {
        name: 'up',
        summary: 'bring a control plane up, with a local cloud and hosts',
        load: () => import('./commands/up.js'),
      },
      {
        name: 'down',
        summary: 'end what a killed `up` left behind',
        load: () => import('./commands/down.js'),
      },
      {
        name: 'local-cloud',
        summary: 'the EC2 endpoint on loopback: start it, or look at it',
        load: () => import('./commands/local-cloud.js'),
      },
      {
        name: 'hosts',
        summary: 'boot an agent for each machine of an EC2 endpoint',
        load: () => import('./commands/hosts.js'),
      },
      { name: 'agent', summary: 'be the daemon on a host', load: () => import('./commands/agent.js') },
      {
        name: 'supervisor',
        summary: 'start and watch the services of a host without systemd',
        load: () => import('./commands/supervisor.js'),
      },
    ],
  },
  {
    title: 'This program',
    verbs: [
      { name: 'version', summary: 'say which version this is', load: () => import('./commands/version.js') },
      {
        name: 'completion',
        summary: 'print completions for a shell',
        load: () => import('./commands/completion.js'),
      },
    ],
  },
];

/** All of them. */
export const VERBS: readonly Verb[] = VERB_GROUPS.flatMap(({ verbs }) => verbs);
