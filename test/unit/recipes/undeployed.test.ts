import type { Lifecycle } from '../../../api-types/lifecycle.js';
import type { RoleType } from '../../../api-types/kinds/role.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { resourceId, type Resource, type ServiceResource } from '../../../recipes/resource.js';
import { assert } from '../../suite.js';
import { apply, file, onStage, restart, settled, web, type Stage } from './stage.js';
import { role, snapshotOf } from './world.js';

const test = onStage('what undeploy has stopped stays so until the next deploy');

const MARKS = '/var/lib/scalarium/undeployed';

const recipe = (type: RoleType, event: Lifecycle): readonly Resource[] =>
  recipeFor(event, snapshotOf({ roles: { ...snapshotOf().roles, app: role(type) } }), 'app-1');

/** What is about the service or its mark, in order: `guarded` where it is left alone while the mark is there. */
const said = (resources: readonly Resource[], service: string): readonly string[] =>
  resources.flatMap((resource) => {
    if (resource.type === 'service' && resource.name === service) {
      const guard = ['test', '!', '-e', `${MARKS}/${service}`];
      const guarded = resource.onlyIf?.join(' ') === guard.join(' ');
      return [`${resource.state}${guarded ? ', guarded' : ''}`];
    }
    return 'path' in resource && resource.path === `${MARKS}/${service}` ? [`${resource.type} mark`] : [];
  });

const SERVICES: readonly (readonly [RoleType, string, number])[] = [
  ['nodejs-app', 'scalarium-app-app', 1],
  ['rails-app', 'scalarium-app-app', 1],
  ['java-app', 'scalarium-tomcat', 2],
];

const TABLE: readonly (readonly [Lifecycle, mark: readonly string[], service: string])[] = [
  ['setup', [], 'running, guarded'],
  ['configure', [], 'running, guarded'],
  ['deploy', ['absent mark'], 'running'],
  ['undeploy', ['file mark'], 'stopped'],
  ['shutdown', [], 'stopped'],
];

for (const [type, service, families] of SERVICES)
  for (const [event, mark, state] of TABLE)
    test(`${event} of ${type}`, () => {
      const states = Array<string>(families).fill(state);
      assert.equal(said(recipe(type, event), service), [...mark, ...states]);
    });

const guarded: ServiceResource = { ...web, onlyIf: ['test', '!', '-e', 'mark'] };
const mark: Resource = { type: 'file', path: '/mark', content: '' };

const withMark = async (stage: Stage): Promise<void> => {
  await settled(stage);
  await apply(stage, [mark, { ...web, state: 'stopped' }]);
  assert.equal(stage.services.calls, ['stop web']);
  stage.services.calls.length = 0;
};

test('it is not started, nor by what notifies it, and no unit is written', async (context) => {
  await withMark(context);
  const { changed, failure } = await apply(context, [
    file('new', restart),
    { ...guarded, unit: '[Service]\nExecStart=/bin/false\n' },
  ]);
  assert.equal({ changed, failure }, { changed: ['file[/etc/web.conf]'], failure: null });
  assert.equal(context.services.calls, []);
});

test('one that looks finds no drift', async (context) => {
  await withMark(context);
  const { diffs } = await apply(context, [file('new', restart), guarded], { dryRun: true });
  assert.equal(
    diffs?.map(({ resource }) => resource),
    ['file[/etc/web.conf]'],
  );
});

test('without the mark it is started', async (context) => {
  await withMark(context);
  const gone: Resource = { type: 'absent', path: '/mark' };
  const { changed } = await apply(context, [gone, guarded]);
  assert.equal(changed, [resourceId(gone), 'service[web]']);
  assert.equal(context.services.calls, ['start web']);
});
