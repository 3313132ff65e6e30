/** Units as the supervisor takes them: commands, settings, and what an end means, by table. */
import { expandVariables, parseCommands } from '../../../recipes/services/supervisor/command-line.js';
import { endText, outcomeOf, restarts, type Outcome } from '../../../recipes/services/supervisor/ending.js';
import { runDirectoriesIn } from '../../../recipes/services/supervisor/prepare.js';
import { readUnit, type RestartPolicy, type Unit } from '../../../recipes/services/supervisor/unit.js';
import { parseUnitText } from '../../../recipes/services/supervisor/unit-text.js';
import { assert, suite } from '../../suite.js';

const test = suite('units');

const around = { hostname: 'app-1.shop', homeOf: (user: string) => `/home/${user}` };

const unit = (text: string, name = 'web'): Unit => readUnit(name, parseUnitText(text), around);

const variables = { OPTS: '-a  "b c"', NAME: 'x', EMPTY: '' };

for (const [line, words] of [
  ['/bin/web $OPTS', ['/bin/web', '-a', 'b c']],
  ['/bin/web ${OPTS}', ['/bin/web', '-a  "b c"']],
  ['/bin/web --name=${NAME}.log $EMPTY $NONE', ['/bin/web', '--name=x.log']],
  ['/bin/sh -c "echo $NAME $$HOME"', ['/bin/sh', '-c', 'echo $NAME $HOME']],
  [':/bin/web $OPTS', ['/bin/web', '$OPTS']],
  ['@/bin/web seen -v', ['/bin/web', '-v']],
] as const)
  test(`runs ${line}`, () => {
    const [command] = parseCommands(line);
    assert.equal(expandVariables(command!, variables), words);
  });

test('prefixes, and several commands in a line', () => {
  const commands = parseCommands('-/bin/a ; +/bin/b \\; c ; !-/bin/d');
  assert.equal(
    commands.map(({ words, mayFail, privileged }) => [words.join(' '), mayFail, privileged]),
    [
      ['/bin/a', true, false],
      ['/bin/b ; c', false, true],
      ['/bin/d', true, true],
    ],
  );
});

for (const [what, text, expected] of [
  [
    'a plain service',
    'ExecStart=/bin/web',
    { type: 'simple', restart: 'no', startMillis: 90_000, umask: null },
  ],
  ['without ExecStart', 'ExecStop=/bin/true', { type: 'oneshot', startMillis: Infinity }],
  ['notify-reload', 'Type=notify-reload\nExecStart=/x', { type: 'notify', reloadSignal: 'SIGHUP' }],
  ['dbus, which nobody hears', 'Type=dbus\nExecStart=/x', { type: 'simple' }],
  ['a timeout of zero', 'ExecStart=/x\nTimeoutStopSec=0', { stopMillis: Infinity }],
  [
    'both timeouts',
    'ExecStart=/x\nTimeoutSec=5\nTimeoutStopSec=1min',
    { startMillis: 5_000, stopMillis: 60_000 },
  ],
  ['an emptied list', 'Environment=A=1\nEnvironment=\nEnvironment=B=2', { environment: [['B', '2']] }],
  ['a relative PID file', 'PIDFile=web.pid', { pidFile: '/run/web.pid' }],
  [
    'limits',
    'LimitNOFILE=65536\nLimitCORE=infinity',
    {
      limits: [
        ['nofile', '65536'],
        ['core', 'unlimited'],
      ],
    },
  ],
  ['memory', 'MemoryMax=512M', { memoryMax: 536_870_912 }],
  ['memory without a limit', 'MemoryMax=1G\nMemoryMax=infinity', { memoryMax: null }],
  ['capabilities', 'AmbientCapabilities=CAP_NET_BIND_SERVICE', { capabilities: ['net_bind_service'] }],
  [
    'its user and home',
    'User=deploy\nWorkingDirectory=-~\nEnvironment=X=%h/%u/%H',
    {
      user: 'deploy',
      workingDirectory: { path: '/home/deploy', optional: true },
      environment: [['X', '/home/deploy/deploy/app-1.shop']],
    },
  ],
  [
    'directories',
    'RuntimeDirectory=a b\nRuntimeDirectoryMode=2750\nStateDirectory=c',
    {
      directories: [
        { base: '/run', variable: 'RUNTIME_DIRECTORY', names: ['a', 'b'], mode: 0o2750, passing: true },
        { base: '/var/lib', variable: 'STATE_DIRECTORY', names: ['c'], mode: 0o755, passing: false },
      ],
    },
  ],
  [
    'environment files',
    'EnvironmentFile=-/etc/default/web\nEnvironmentFile=/etc/web',
    {
      environmentFiles: [
        { path: '/etc/default/web', optional: true },
        { path: '/etc/web', optional: false },
      ],
    },
  ],
] as const)
  test(`reads ${what}`, () => {
    const read = unit(`[Service]\n${text}`) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(expected)) assert.equal(read[field], value, field);
  });

test('reads what a unit says of others, and of its installation', () => {
  const read = unit(`[Unit]
After=network.target db.service
Requires=db.service
Wants=cache.service x.socket
ConditionPathExists=!/etc/off
ConditionPathExists=/srv/app
StartLimitBurst=3
[Service]
ExecStart=/x
[Install]
WantedBy=multi-user.target
Alias=http.service`);
  assert.equal(read.after, ['db']);
  assert.equal(read.requires, ['db']);
  assert.equal(read.wants, ['cache']);
  assert.equal(read.conditions, [
    { path: '/etc/off', holds: false },
    { path: '/srv/app', holds: true },
  ]);
  assert.equal(read.startLimit, { withinMillis: 10_000, most: 3 });
  assert.equal(read.install, { wantedBy: ['multi-user.target'], aliases: ['http'] });
  assert.is(unit('[Service]\nExecStart=/x').install, null);
});

test('fills in the name of a template', () => {
  const read = unit('[Service]\nExecStart=/bin/web --at %i %p %n %I 100%%', 'web@a-b');
  assert.equal(read.commands.Start[0]!.words, [
    '/bin/web',
    '--at',
    'a-b',
    'web',
    'web@a-b.service',
    'a/b',
    '100%',
  ]);
});

const ENDS = {
  zero: { code: 0, signal: null },
  one: { code: 1, signal: null },
  term: { code: null, signal: 'SIGTERM' },
  segv: { code: null, signal: 'SIGSEGV' },
  unknown: { code: null, signal: null },
} as const;

for (const [end, clean, outcome] of [
  ['zero', [], 'clean'],
  ['one', [], 'exit-code'],
  ['one', ['1'], 'clean'],
  ['term', [], 'clean'],
  ['segv', [], 'signal'],
  ['segv', ['SIGSEGV'], 'clean'],
  ['unknown', [], 'unknown'],
] as const)
  test(`${end} with SuccessExitStatus=${clean.join(' ')} is ${outcome}`, () => {
    assert.is(outcomeOf({ cleanEnds: clean }, ENDS[end]), outcome);
  });

const ALL: readonly Outcome[] = ['clean', 'exit-code', 'signal', 'unknown'];

for (const [restart, expected] of [
  ['no', []],
  ['always', ALL],
  ['on-success', ['clean']],
  ['on-failure', ['exit-code', 'signal', 'unknown']],
  ['on-abnormal', ['signal', 'unknown']],
  ['on-abort', ['signal', 'unknown']],
] as readonly (readonly [RestartPolicy, readonly Outcome[]])[])
  test(`Restart=${restart} starts again after ${expected.join(', ') || 'nothing'}`, () => {
    const wanted = ALL.filter((outcome) =>
      restarts({ restart, neverRestartAfter: [] }, outcome, ENDS.unknown),
    );
    assert.equal(wanted, expected);
  });

test('RestartPreventExitStatus forbids what Restart allows', () => {
  const policy = { restart: 'always', neverRestartAfter: ['255', 'SIGSEGV'] } as const;
  assert.is(restarts(policy, 'exit-code', { code: 255, signal: null }), false);
  assert.is(restarts(policy, 'signal', ENDS.segv), false);
  assert.is(restarts(policy, 'exit-code', ENDS.one), true);
});

test('ends are told for people', () => {
  assert.is(endText(ENDS.segv), 'killed by SIGSEGV');
  assert.is(endText({ code: 143, signal: null }), 'exit code 143 (SIGTERM)');
});

test('directories below /run that tmpfiles.d asks for, but none of systemd itself', () => {
  const text = `# comment
d /run/mysqld 0755 mysql root -
    D   /var/run/php  -  www-data www-data - -
d /run/systemd/seats 0755 root root -
d /var/log/tomcat 2770 tomcat adm -
f /run/utmp 0664 root utmp -
d /run/user/%U 0700`;
  assert.equal(runDirectoriesIn(text), [
    { path: '/run/mysqld', mode: 0o755, user: 'mysql', group: 'root' },
    { path: '/run/php', mode: 0o755, user: 'www-data', group: 'www-data' },
  ]);
});
