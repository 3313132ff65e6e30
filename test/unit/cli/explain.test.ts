/** `explain` as people read it. */
import { KIND_NAMES } from '../../../api-types/kinds.js';
import { UsageError } from '../../../cli/context.js';
import { explained } from '../../../cli/explain.js';
import { assert, suite } from '../../suite.js';

const test = suite('cli/explain');

test('a field with its unit and its default', () => {
  assert.is(
    explained('Role', ['spec', 'healing', 'silentRebootSeconds'], false),
    `GROUP:      scalarium.dev
KIND:       Role
VERSION:    v1

FIELD: silentRebootSeconds <integer>

DESCRIPTION:
    A host that is silent but otherwise well for this long is rebooted. Unit:
    seconds. Default: 180.
`,
  );
});

test('the fields below one, each with its text, and no line longer than a terminal', () => {
  const text = explained('Role', ['spec', 'healing'], false);
  assert.match(text, /\nFIELDS:\n {2}bootTimeoutSeconds\t<integer>\n {4}How long/);
  assert.match(text, /\n {2}maxUnavailable\t<IntOrString>\n/);
  for (const kind of KIND_NAMES)
    for (const line of explained(kind, ['status'], false).split('\n')) assert.ok(line.length <= 80, line);
});

test('what can be chosen from, and what must be given', () => {
  const spec = explained('Role', ['spec'], false);
  assert.match(spec, /\n {2}type\t<string> -required-\n {2}enum: load-balancer, nodejs-app,/);
  assert.match(explained('Role', ['spec', 'type'], false), /ENUM:\n {4}load-balancer\n {4}nodejs-app\n/);
});

test('all fields below, through lists and maps', () => {
  const text = explained('Instance', [], true);
  assert.match(text, /\n {2}metadata\t<ObjectMeta>\n {4}annotations\t<map\[string\]string>\n/);
  assert.match(text, /\n {4}shutdown\t<map\[string\]Object>\n {6}at\t<string> -required-\n/);
  assert.match(text, /\n {4}doomed\t<\[\]Object>\n {6}at\t<string> -required-\n/);
  assert.match(explained('Instance', ['status', 'doomed', 'when'], false), /ENUM:\n {4}now\n {4}replaced\n/);
});

test('a field that is not there: which there are', () => {
  const refused = (names: readonly string[]): string => {
    try {
      return explained('Role', names, false);
    } catch (error) {
      assert.instance(error, UsageError);
      return (error as UsageError).message;
    }
  };
  assert.match(
    refused(['spec', 'heling']),
    /^role\.spec has no field "heling"; there are attributes, dependsOn,/,
  );
  assert.is(refused(['spec', 'type', 'x']), 'role.spec.type has no field "x"; it has no fields');
});
