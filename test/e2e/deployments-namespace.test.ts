/**
 * One-click deployment on namespace hosts, under load through a real HAProxy: whatever goes well or badly, not a request is
 * lost but those on their way to a host that is killed. Runs alone: it is many processes.
 */
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { whyNoNamespaceHosts } from '../../local-cloud/hosts/namespace/refusals.js';
import { tellOfPush } from '../build/git-push.js';
import { failedApartFrom } from '../build/load.js';
import { inOwnNetwork, isOwnNetwork, noOwnNetwork } from '../build/own-network.js';
import { PATIENCE_SECONDS } from '../build/patience.js';
import { assert, suite } from '../suite.js';
import { LOAD_AT_ONCE, loadsOf, withoutLoss, type Loads } from './deployments-load.js';
import {
  allRun,
  answerOf,
  applicationOf,
  openShop,
  pidsOf,
  roleOf,
  secretOf,
  type Live,
  type Shop,
} from './deployments.js';
import { eventually } from './world.js';

const APPS = 3;
/** The load balancer, three hosts of `shop`, one of `solo`. */
const ONLINE = 5;
const SOLO = 'solo.example.com';
const TOKEN = 'hook-token-of-the-shop';
const PASSWORD = 'hunter22-in-the-build';

interface Context {
  shop: Shop;
  site: string;
}

/** The Node that runs the test is lent to every host. */
const nodejs = { nodejs: { program: '/run/scalarium/node', package: '' } };

const openOnNamespaces = (): Promise<Shop> =>
  openShop({
    hosts: 'namespace',
    online: ONLINE,
    first: { revision: 'one' },
    objects: (git) => [
      // containers in which tests run may not allow more open files
      roleOf('lb', {
        type: 'load-balancer',
        replicas: 1,
        attributes: { haproxy: { maxConnections: 1000 } },
      }),
      roleOf('app', { type: 'nodejs-app', replicas: APPS, attributes: nodejs }),
      roleOf('solo', { type: 'nodejs-app', replicas: 1, attributes: nodejs }),
      secretOf('hook', { token: TOKEN }),
      secretOf('login', { password: PASSWORD }),
      applicationOf(
        'shop',
        { type: 'git', url: git.url, revision: 'main' },
        {
          environment: { GREETING: 'hello', PASSWORD: { secret: 'login', key: 'password' } },
          webhook: { secret: 'hook' },
        },
      ),
      applicationOf(
        'solo',
        { type: 'git', url: git.url, revision: 'main' },
        { roles: ['solo'], domains: [SOLO] },
      ),
    ],
  });

const scenes = (): void => {
  const test = suite<Context>('deployments under load', {} as Context);

  const underLoad = ({ site }: Context, work: () => Promise<unknown>) => withoutLoss(loadsOf(site), work);

  /** What fails is said, nothing is lost, and all hosts run what they ran, in the same processes where `same`. */
  const goesWrong = async (
    context: Context,
    words: readonly string[],
    { says, same }: { readonly says: RegExp; readonly same: boolean },
  ): Promise<void> => {
    const { shop } = context;
    const before = await shop.live();
    await underLoad(context, async () => {
      const { code, stdout, stderr } = await shop.say('deploy', 'shop', ...words);
      assert.is(code, 1, stdout + stderr);
      assert.match(stderr, says);
    });
    const after = await shop.live();
    allRun(after, before['app-1']!.revision, APPS);
    if (same) assert.equal(pidsOf(after), pidsOf(before));
    const { spec, status } = await shop.newest();
    assert.is(status?.phase, 'Failed', JSON.stringify(spec));
  };

  test.before(async (context) => {
    context.shop = await openOnNamespaces();
    context.site = `http://${(await context.shop.host('lb-1')).address}`;
    await context.shop.deploy();
    allRun(await context.shop.live(), 'one', APPS);
    const { code, stderr } = await context.shop.say('deploy', 'solo', '-q');
    assert.is(code, 0, stderr);
    await eventually('it is served', async () => (await answerOf(context.site)) !== null);
  });

  test.after(async ({ shop }) => {
    await shop.end();
  });

  test('a rolling deploy goes from host to host', async (context) => {
    const { shop } = context;
    const commit = await shop.version({ revision: 'two' });
    const revisions = await underLoad(context, () => shop.deploy());
    assert.ok((revisions.get('one') ?? 0) > 0 && (revisions.get('two') ?? 0) > 0, 'both were seen');
    const live = await shop.live();
    allRun(live, 'two', APPS);
    assert.equal(
      Object.values(live).map((one) => [one?.built, one?.greeting]),
      Array.from({ length: APPS }, () => ['two', 'hello']),
    );
    const { current, releases = [] } = await shop.application();
    assert.equal([current?.number, current?.revision, releases.length], [2, commit, 2]);
  });

  test('a roll-back goes to the release before', async (context) => {
    const { shop } = context;
    await underLoad(context, async () => {
      const { code, stderr } = await shop.say('rollback', 'shop');
      assert.is(code, 0, stderr);
    });
    allRun(await shop.live(), 'one', APPS);
    await shop.deploy('-q');
    allRun(await shop.live(), 'two', APPS);
  });

  test('a migration that fails touches nothing', async (context) => {
    await context.shop.version({ revision: 'three', migrate: 'echo "no such table" >&2; exit 7' });
    const says = /app-\d failed: [^]*migrat[^]*sh migrate\.sh[^]*7[^]*no such table/i;
    await goesWrong(context, ['--migrate'], { says, same: true });
  });

  test('a build that fails touches nothing, and shows no secret', async (context) => {
    await context.shop.version({ revision: 'four', build: 'echo "my password is $PASSWORD"; exit 3' });
    const says = /app-\d failed: [^]*build[^]*sh build\.sh[^]*3/i;
    await goesWrong(context, [], { says, same: true });
    const logs = await context.shop.say('logs', '--role', 'app', '--tail', '200');
    const deployment = JSON.stringify(await context.shop.newest());
    for (const text of [logs.stdout, logs.stderr, deployment]) assert.not.match(text, PASSWORD);
    assert.match(deployment, /my password is/);
  });

  test('a release that never gets well is taken back, and no other host gets it', async (context) => {
    await context.shop.version({ revision: 'five', unwell: true });
    const before = pidsOf(await context.shop.live());
    await goesWrong(context, [], { says: /app-\d failed: [^]*\/health[^]*503/, same: false });
    const after = pidsOf(await context.shop.live());
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    assert.is(changed.length, 1, 'one host tried it');
  });

  test('an application with one host deploys without a gap, by overlap', async ({ shop, site }) => {
    await shop.version({ revision: 'six' });
    const revisions = await withoutLoss(loadsOf(site, SOLO), async () => {
      const { code, stderr } = await shop.say('deploy', 'solo');
      assert.is(code, 0, stderr);
    });
    assert.ok((revisions.get('two') ?? revisions.get('one') ?? 0) > 0);
    allRun(await shop.live('solo', 'solo'), 'six', 1);
    // and back into the other slot
    await shop.version({ revision: 'seven' });
    await withoutLoss(loadsOf(site, SOLO), async () => {
      const { code, stderr } = await shop.say('deploy', 'solo');
      assert.is(code, 0, stderr);
    });
    allRun(await shop.live('solo', 'solo'), 'seven', 1);
  });

  /** A deploy goes on, and its first host is done. */
  const inTheMiddle = async ({ shop }: Context): Promise<string> => {
    const { code, stdout, stderr } = await shop.say('deploy', 'shop', '--detach', '-o', 'json');
    assert.is(code, 0, stderr);
    const { name } = (JSON.parse(stdout) as { readonly metadata: { readonly name: string } }).metadata;
    await eventually('it is in the middle', async () => {
      const found = (await shop.deployments()).find(({ metadata }) => metadata.name === name);
      const stages = Object.values(found?.status?.hosts ?? {}).map(({ stage }) => stage);
      return stages.includes('done') && stages.some((stage) => stage !== 'done');
    });
    return name;
  };

  const settled = (shop: Shop, revision: string): Promise<Live> =>
    eventually(
      `all run ${revision}`,
      async () => {
        const live = await shop.live();
        const all = Object.values(live);
        return all.length === APPS && all.every((answer) => answer?.revision === revision) && live;
      },
      3 * PATIENCE_SECONDS,
    );

  test('a host that is killed in the middle of a deploy takes no other request with it', async (context) => {
    const { shop, site } = context;
    await shop.version({ revision: 'eight' });
    const loads: Loads = loadsOf(site);
    const name = await inTheMiddle(context);
    const victim = await shop.host('app-1');
    process.kill(victim.pid, 'SIGKILL');
    const killed = performance.now();
    await shop.comesTo(name, 'Succeeded');
    // the branch has moved on; who comes gets what is in force
    await shop.version({ revision: 'nine' });
    await settled(shop, 'eight');
    const failed = await loads.end();
    assert.equal(failedApartFrom(killed, failed), []);
    assert.ok(failed.length <= LOAD_AT_ONCE, String(failed.length));
    const after = await shop.host('app-1');
    assert.is.not(after.machine, victim.machine);
  });

  test('a control plane that is killed in the middle of a deploy goes on with it', async (context) => {
    const { shop } = context;
    await underLoad(context, async () => {
      const name = await inTheMiddle(context);
      shop.world.process().kill('SIGKILL');
      await shop.world.ended();
      shop.world.start('--hosts', 'namespace');
      await shop.comesTo(name, 'Succeeded');
    });
    allRun(await shop.live(), 'nine', APPS);
  });

  test('a canary is looked at, and promoted or taken back', async (context) => {
    const { shop } = context;
    await shop.version({ revision: 'ten' });
    const canary = async (): Promise<string> => {
      const { code, stderr } = await shop.say('deploy', 'shop', '--strategy', 'canary', '--detach');
      assert.is(code, 0, stderr);
      const { name } = (await shop.newest()).metadata;
      await shop.comesTo(name, 'Paused');
      const revisions = Object.values(await shop.live()).map((answer) => answer?.revision);
      assert.equal(revisions.sort(), ['nine', 'nine', 'ten']);
      return name;
    };
    await underLoad(context, async () => {
      const name = await canary();
      const { code, stderr } = await shop.say('abort', name);
      assert.is(code, 0, stderr);
      await shop.comesTo(name, 'Aborted');
    });
    allRun(await shop.live(), 'nine', APPS);
    await underLoad(context, async () => {
      const name = await canary();
      const { code, stderr } = await shop.say('promote', name);
      assert.is(code, 0, stderr);
      await shop.comesTo(name, 'Succeeded');
    });
    allRun(await shop.live(), 'ten', APPS);
  });

  test('two people at once: one after the other; locked: nobody', async (context) => {
    const { shop } = context;
    await shop.version({ revision: 'eleven' });
    await underLoad(context, async () => {
      const both = await Promise.all([shop.say('deploy', 'shop', '-q'), shop.say('deploy', 'shop', '-q')]);
      assert.equal(
        both.map(({ code }) => code),
        [0, 0],
        both.map(({ stderr }) => stderr).join('\n'),
      );
    });
    const [first, second] = (await shop.deployments()).slice(-2);
    assert.ok(
      first!.status!.finishedAt! <= second!.status!.startedAt! || first!.status!.release !== undefined,
    );
    assert.is.not(first!.status!.release!.number, second!.status!.release!.number);
    assert.is((await shop.say('lock', 'shop', '--reason', 'it is Friday')).code, 0);
    const refused = await shop.say('deploy', 'shop');
    assert.is.not(refused.code, 0);
    assert.match(refused.stderr, /it is Friday/);
    assert.is((await shop.say('unlock', 'shop')).code, 0);
    allRun(await shop.live(), 'eleven', APPS);
  });

  test('a push that is signed is deployed', async (context) => {
    const { shop } = context;
    const commit = await shop.version({ revision: 'twelve' });
    const { port } = shop.world;
    const push = (token: string): Promise<number> => tellOfPush({ port, url: shop.git.url, commit, token });
    await underLoad(context, async () => {
      assert.is(await push('another token'), 401);
      assert.is(await push(TOKEN), 201);
      assert.is(await push(TOKEN), 200);
      await settled(shop, 'twelve');
      await shop.comesTo((await shop.newest()).metadata.name, 'Succeeded');
    });
  });

  test('who deployed what is told afterwards', async ({ shop }) => {
    const { code, stdout } = await shop.say('deployments', 'shop');
    assert.is(code, 0);
    assert.match(stdout, /rollback/);
    assert.match(stdout, /webhook:github:jane/);
  });
};

const why = (await noOwnNetwork()) ?? (await whyNoNamespaceHosts(tmpdir(), '/'));
if (isOwnNetwork()) scenes();
else if (why === null) process.exitCode = await inOwnNetwork(fileURLToPath(import.meta.url));
else {
  const test = suite('deployments under load');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** DEPLOYMENTS UNDER LOAD: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
