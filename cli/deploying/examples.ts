/** Examples of the verbs that deploy. */
import type { Manual } from '../examples.js';

export const DEPLOYING: Readonly<Record<string, Manual>> = {
  deploy: {
    examples: [
      ['scalarium deploy shop -n shop', 'what its source names, batch after batch'],
      ['scalarium deploy shop --revision v1.4.2 --migrate -n shop', 'a tag, and its migration first'],
      ['scalarium deploy shop --strategy canary --canary-wait 5m --to role/app,host/app-9 -n shop', ''],
      ['scalarium deploy shop --batch 25% --pause 30s --on-failure pause -n shop', ''],
      ['scalarium deploy shop --detach -n shop', 'and look later: scalarium deployments shop -n shop'],
    ],
    exits:
      '0 it succeeded; 1 it failed or was aborted; 5 the application is locked; 130 it goes on unwatched',
  },
  rollback: {
    examples: [
      ['scalarium rollback shop -n shop', 'to the release before that in force'],
      ['scalarium rollback shop --to 7 -n shop', 'to one of its releases'],
    ],
    exits: '0 it succeeded; 1 it failed; 3 there is no such release; 5 the application is locked',
  },
  deployments: {
    examples: [
      ['scalarium deployments shop -n shop', 'the history of an application'],
      ['scalarium deployments -n shop -o json', 'of all, for programs'],
    ],
  },
  promote: {
    examples: [
      ['scalarium promote shop -n shop', 'the deployment of shop that waits'],
      ['scalarium promote shop-x7k2p -n shop -f', 'one by its name, and follow it'],
    ],
    exits: '0 it was told; 5 it is not paused',
  },
  abort: {
    examples: [
      ['scalarium abort shop -n shop', 'the deployment of shop that goes on'],
      ['scalarium abort shop-x7k2p -n shop -f', 'one by its name, and follow how it goes back'],
    ],
    exits: '0 it was told; 5 it has ended',
  },
  deployment: {
    examples: [
      ['scalarium deployment promote shop-x7k2p -n shop', 'have it go on'],
      ['scalarium deployment abort shop-x7k2p -n shop', 'end it, and go back'],
    ],
    exits: '0 it was told; 5 it has ended, or is not paused',
  },
  migrate: {
    examples: [
      ['scalarium migrate shop -n shop', 'of the release in force, on one host'],
      ['scalarium migrate shop --to host/app-1 --timeout 30m -n shop', 'on this one'],
    ],
    exits: '0 it succeeded; 1 it failed; 5 the application is locked',
  },
  undeploy: {
    examples: [
      ['scalarium undeploy shop -n shop', 'asks, then removes it from all its hosts'],
      ['scalarium undeploy shop --to role/old --yes -n shop', 'from some, without asking'],
    ],
    exits: '0 it succeeded; 1 it failed; 5 the application is locked',
  },
  lock: {
    examples: [
      ["scalarium lock shop --reason='sale until Monday' -n shop", 'nobody deploys it'],
      ['scalarium lock app/shop --reason incident -n shop', 'the same, named with its kind'],
    ],
    exits: '0 locked; 5 it is locked already',
  },
  unlock: {
    examples: [
      ['scalarium unlock shop -n shop', 'whoever may deploy may unlock'],
      ['scalarium unlock app/shop -n shop', 'the same, named with its kind'],
    ],
  },
};
