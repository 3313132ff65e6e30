/** Real examples of every verb, and what its exit codes mean where it has some of its own. A test parses each. */

import { DEPLOYING } from './deploying/examples.js';

export type Example = readonly [line: string, says: string];

export interface Manual {
  readonly examples: readonly Example[];
  readonly exits?: string;
}

/** By verb. */
export const EXAMPLES: Readonly<Record<string, Manual>> = {
  up: {
    examples: [
      ['scalarium up', 'a control plane with a local cloud, until Ctrl-C'],
      ['scalarium up --data /var/lib/scalarium --port 8470', 'its own directory and port'],
      ['sudo scalarium up --hosts namespace', 'with hosts that run real services, of this machine'],
    ],
  },
  down: {
    examples: [
      ['scalarium down', 'end what was left of .scalarium'],
      ['scalarium down --data /var/lib/scalarium', 'of another data directory'],
    ],
  },
  get: {
    examples: [
      ['scalarium get hosts -n shop', 'the hosts of a cluster'],
      ['scalarium get roles,instances -A -o wide', 'two kinds, of all clusters'],
      ['scalarium get hosts -A --field-selector status.phase=online --sort-by .metadata.name', ''],
      ["scalarium get hosts -n shop -o jsonpath='{.items[*].status.agent.address}'", 'their addresses'],
      ['scalarium get all -n shop --export > shop.yaml', 'a cluster as a file that applies elsewhere'],
      ['scalarium get role app -n shop -w', 'and go on with changes as they come'],
    ],
  },
  describe: {
    examples: [
      ['scalarium describe role app -n shop', 'spec, conditions and events of a role'],
      ['scalarium describe host/app-1 -n shop', 'and of a host with its timings'],
    ],
  },
  explain: {
    examples: [
      ['scalarium explain role.spec.healing', 'what the fields of healing mean, with units and defaults'],
      ['scalarium explain role --recursive', 'the names of all fields of a role'],
    ],
  },
  events: {
    examples: [
      ['scalarium events -n shop', 'of a cluster, oldest first'],
      ['scalarium events -w', 'of all clusters, as they come'],
    ],
  },
  apply: {
    examples: [
      ['scalarium apply -f shop.yaml', 'make a cluster what its file says'],
      ['cat role.yaml | scalarium apply -n shop -f -', 'from standard input'],
      ['scalarium apply -f shop.yaml --server-side', 'own what the file says, and leave the rest to others'],
      ['scalarium apply -f shop.yaml --dry-run=server', 'would it be taken?'],
    ],
  },
  plan: {
    examples: [
      ['scalarium plan -f shop.yaml', 'what applying it would launch, change and end'],
      ['scalarium plan -f clusters/ -o json', 'of all files of a directory, for programs'],
    ],
    exits: '0 nothing to do; 2 there are changes; 1 it could not be told',
  },
  delete: {
    examples: [
      ['scalarium delete role app -n shop --wait', 'and wait until its hosts are gone'],
      ['scalarium delete role/app role/db -n shop', 'several'],
      ['scalarium delete -f shop.yaml --ignore-not-found', 'all that a file names'],
    ],
  },
  consent: {
    examples: [
      ['scalarium consent shop', 'show what waits, and ask'],
      ['scalarium consent shop app --yes', 'one role, without asking'],
    ],
  },
  wait: {
    examples: [
      ['scalarium wait role/app -n shop --for condition=Ready --timeout 10m', 'until a role is Ready'],
      [
        'scalarium wait hosts -n shop --all --for jsonpath={.status.phase}=online',
        'until all hosts are online',
      ],
      ['scalarium wait cluster shop --for delete', 'until it is gone'],
    ],
    exits: '0 all are as wanted; 1 time is up',
  },
  scale: {
    examples: [
      ['scalarium scale role app --replicas 5 -n shop', 'five hosts'],
      ['scalarium scale role/app --replicas 5 --current-replicas 3', 'only if it has three'],
    ],
    exits: '0 scaled; 5 it has another number now',
  },
  start: {
    examples: [
      ['scalarium start app-1 app-2 -n shop', 'and wait until they are online'],
      ['scalarium start --role app --timeout 20m', 'all hosts of a role'],
      ['scalarium start app/shop -n shop', 'the processes of an application'],
    ],
    exits: '0 online; 1 time is up',
  },
  stop: {
    examples: [
      ['scalarium stop app-1 -n shop', 'and wait until its machine has stopped'],
      ['scalarium stop --role app --no-wait', 'all hosts of a role, without waiting'],
      ['scalarium stop app/shop -n shop', 'the processes of an application'],
    ],
    exits: '0 stopped; 1 time is up',
  },
  logs: {
    examples: [
      ['scalarium logs app-1 -n shop --tail 50', 'the newest lines of a host'],
      ['scalarium logs --role app -n shop -f', 'of all hosts of a role, as they come'],
      ['scalarium logs app-1 --event configure-000123-0a1b2c3d4e5f', 'of one lifecycle event'],
      ['scalarium logs --deployment shop -n shop -f', 'of all hosts of a deployment, as it goes on'],
      ['scalarium logs app-1 --tail 1000 -o json', 'for programs: a JSON document a line'],
    ],
    exits: '0 shown; 1 a host could not be asked, or its log ended while it was followed',
  },
  restart: {
    examples: [
      ['scalarium restart app-1 -n shop', 'reboot its machine, and wait until it is online'],
      ['scalarium restart --role app -n shop --parallel 2', 'all hosts of a role, two at a time'],
      ['scalarium restart app-1 app-2 --no-wait', 'both at once, without waiting'],
      ['scalarium restart app/shop -n shop', 'the processes of an application, batch after batch'],
    ],
    exits: '0 online again; 1 time is up, or it was replaced; 5 it does not run',
  },
  cookbooks: {
    examples: [
      ['scalarium cookbooks -n shop', 'sources, their revisions, and what is wrong with them'],
      ['scalarium cookbooks update -n shop', 'pin what they have now, and wait for it'],
      ['scalarium cookbooks update base -n shop --no-wait', 'one of them, without waiting'],
    ],
  },
  run: {
    examples: [
      ['scalarium run configure -n shop', 'on all online hosts of a cluster, changed or not'],
      [
        'scalarium run setup --role app --host db-1 -n shop --timeout 15m',
        'on those of a role, and one more',
      ],
      ['scalarium run --role app --recipe shop::site,shop::cron -n shop', 'these recipes and nothing else'],
      ['scalarium run configure --role app -n shop --dry-run', 'what would change'],
      ['scalarium run configure -n shop --detach', 'and look later: scalarium get runs -n shop'],
    ],
    exits: '0 all hosts succeeded; 1 some failed, or none could be told',
  },
  drift: {
    examples: [
      ['scalarium drift -n shop', 'what was changed on hosts by other hands'],
      ['scalarium drift --role app -n shop -o json', 'as a report for programs'],
    ],
    exits: '0 nothing differs; 1 something does; 2 and more: it could not be told of all hosts',
  },
  ...DEPLOYING,
  login: {
    examples: [
      [
        'scalarium login https://cp.example:7420 --user anna',
        'shows whom it would trust, asks, notes the token',
      ],
      ['scalarium login https://cp.example:7420 --user ci --ca ca.crt --password-file pw', 'for programs'],
      [
        'scalarium login https://cp.example:7420 --oidc',
        'in a browser, where the control plane has a provider',
      ],
    ],
  },
  logout: {
    examples: [
      ['scalarium logout', 'of the current context'],
      ['scalarium logout --context scalarium-cp.example', 'of another one'],
    ],
  },
  whoami: {
    examples: [
      ['scalarium whoami', 'your name and groups'],
      ['scalarium whoami -o json --server https://127.0.0.1:8470', 'at another control plane'],
    ],
  },
  'can-i': {
    examples: [
      ['scalarium can-i delete role app -n shop', 'yes or no, and why'],
      ['scalarium can-i --list -n shop', 'all that you may do'],
      ['scalarium can-i get instances --subresource logs -n shop -q', 'only the exit code'],
    ],
    exits: '0 yes; 1 no',
  },
  token: {
    examples: [
      ['scalarium token create ci --expires 30d > token.txt', 'for a program'],
      ['scalarium token list', 'your tokens, without their texts'],
      ['scalarium token revoke ci --user anna', 'refuse one of another user'],
    ],
  },
  user: {
    examples: [
      ['scalarium user create anna --group ops --ssh-key ~/.ssh/id_ed25519.pub', 'with a group and a key'],
      ['cat password.txt | scalarium user create ben --password-stdin', 'with a password'],
      ['scalarium user list', ''],
      ['scalarium user delete ben', ''],
      ['scalarium user disable anna', 'refused at every door'],
      ['scalarium user enable anna', ''],
      ['scalarium user password', 'change your own'],
      ['scalarium user password ci --password-file pw --revoke-tokens', 'of another user, for scripts'],
      ['scalarium user ssh-key add ~/.ssh/id_ed25519.pub', 'to your own'],
      ['scalarium user ssh-key list --user anna', ''],
      ['scalarium user ssh-key remove anna@laptop', 'by its comment'],
    ],
  },
  grant: {
    examples: [
      ['scalarium grant anna deploy -n shop --ssh', 'with an account on the hosts'],
      ['scalarium grant --group ops manage -n shop --sudo', 'to a group'],
      ['scalarium grant ben show -n shop --role web app', 'only of some roles'],
      ['scalarium grant list -n shop', ''],
      ['scalarium grant revoke anna -n shop', ''],
    ],
  },
  edit: {
    examples: [
      ['scalarium edit role app -n shop', 'in $EDITOR'],
      ["EDITOR='code --wait' scalarium edit cluster/shop", 'in another editor'],
    ],
  },
  diff: {
    examples: [
      ['scalarium diff -f shop.yaml', 'what applying it would change'],
      ['SCALARIUM_DIFF=colordiff scalarium diff -f clusters/', 'shown by another program'],
    ],
    exits: '0 nothing differs; 1 something does; 2 and more: it could not be told',
  },
  ssh: {
    examples: [
      ['scalarium ssh app-1 -n shop', 'a shell'],
      ['scalarium ssh app-1 -l deploy -- uptime', 'a command, in another account'],
    ],
    exits: 'those of ssh (255: it could not connect)',
  },
  agent: {
    examples: [
      ['scalarium agent --machine i-0123456789', 'as a host starts it'],
      ['scalarium agent --machine i-0123456789 --root /srv/host --verbose', 'below a directory of its own'],
    ],
  },
  supervisor: {
    examples: [
      ['scalarium supervisor', 'as a container starts it, below an init (docker run --init)'],
      ['scalarium supervisor list', 'on such a host: its services, and why one does not run'],
      ['scalarium supervisor restart nginx', 'and one of them started anew'],
    ],
  },
  secret: {
    examples: [
      ['scalarium secret set db password=- -n shop < password.txt', 'a value from standard input'],
      ['scalarium secret set tls key=@server.key cert=@server.crt -n shop', 'and from files'],
      ['scalarium secret list -n shop', 'names and keys, no values'],
    ],
  },
  audit: {
    examples: [
      ['scalarium audit --since 1h', 'who did what in the last hour'],
      ['scalarium audit --user ada --cluster shop -f', 'what ada does in a cluster, as it comes'],
    ],
  },
  version: {
    examples: [
      ['scalarium version', 'of this program'],
      ['scalarium --version', 'the same'],
    ],
  },
  completion: {
    examples: [
      ['source <(scalarium completion bash)', 'in ~/.bashrc'],
      ['scalarium completion fish > ~/.config/fish/completions/scalarium.fish', 'for fish'],
    ],
  },
  'local-cloud': {
    examples: [
      ['scalarium local-cloud', 'an EC2 endpoint on loopback, until Ctrl-C'],
      ['scalarium local-cloud --data /tmp/cloud', 'with a directory of its own'],
    ],
  },
  hosts: {
    examples: [
      ['scalarium hosts', 'for the local cloud of .scalarium'],
      ['scalarium hosts --hosts hollow', 'hosts that only pretend'],
    ],
  },
};
