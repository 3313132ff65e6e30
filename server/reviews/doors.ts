/** Self reviews: what `kubectl auth can-i`, `can-i --list` and `whoami` ask. */
import * as E from 'fp-ts/lib/Either.js';
import type { Attributes, Caller, Decision } from '../access/access.js';
import type { Context, Reply } from '../context.js';
import type { Door } from '../door.js';
import { badRequest, noSuchPath } from '../statuses.js';
import { resourcesAsked, textsOf } from './asked.js';
import { reviewSpec } from './body.js';
import { nonResourceRules, resourceRules } from './rules.js';

type Sent = Readonly<Record<string, unknown>>;

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';

const isPlain = (value: unknown): value is Sent =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** All of them must be allowed: `*` stands for each. */
const allOf = (context: Context, caller: Caller, all: readonly Attributes[]): Decision => {
  const decisions = all.map((asked) => context.access.decide(caller, asked));
  const refused = decisions.find(({ allowed }) => !allowed);
  return refused ?? decisions[0] ?? { allowed: false, reason: 'there is no such resource' };
};

const accessOf = (context: Context, caller: Caller, spec: Sent): Decision | null => {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isPlain(resourceAttributes)) return allOf(context, caller, resourcesAsked(textsOf(resourceAttributes)));
  if (!isPlain(nonResourceAttributes)) return null;
  const { path = '', verb = '' } = textsOf(nonResourceAttributes);
  return context.access.decide(caller, { verb, path, resource: null });
};

const accessReview = (context: Context, caller: Caller, spec: Sent): Reply | string => {
  const decision = accessOf(context, caller, spec);
  if (decision === null) return 'spec: expected resourceAttributes or nonResourceAttributes';
  const { allowed, reason } = decision;
  const status = { allowed, ...(allowed ? {} : { denied: true }), reason };
  return reply(`authorization.k8s.io/v1`, 'SelfSubjectAccessReview', { spec, status });
};

const rulesReview = (context: Context, caller: Caller, spec: Sent): Reply | string => {
  const { namespace } = spec;
  if (namespace !== undefined && typeof namespace !== 'string') return 'spec.namespace: expected a text';
  const decide = (asked: Attributes): boolean => context.access.decide(caller, asked).allowed;
  const status = {
    resourceRules: resourceRules(decide, namespace ?? '', caller.user),
    nonResourceRules: nonResourceRules(decide),
    incomplete: false,
  };
  return reply(`authorization.k8s.io/v1`, 'SelfSubjectRulesReview', { spec, status });
};

const subjectReview = (_: Context, { user, groups, proof }: Caller): Reply => {
  const userInfo = {
    username: user,
    groups: [...groups, 'system:authenticated'],
    extra: { 'scalarium.dev/proof': [proof.by === 'token' ? `token ${proof.token}` : proof.by] },
  };
  return reply('authentication.k8s.io/v1', 'SelfSubjectReview', { status: { userInfo } });
};

const reply = (apiVersion: string, kind: string, rest: object): Reply => ({
  code: 201,
  body: { apiVersion, kind, metadata: { creationTimestamp: null }, ...rest },
});

type Review = (context: Context, caller: Caller, spec: Sent) => Reply | string;

const door = (path: string, review: Review): Door => ({
  method: 'POST',
  path,
  answer: async (context, asked, caller) => {
    if (caller === null) return E.left(noSuchPath(path));
    const spec = await reviewSpec(asked.request);
    if (E.isLeft(spec)) return spec;
    const answer = isPlain(spec.right) ? review(context, caller, spec.right) : 'spec: expected an object';
    return typeof answer === 'string' ? E.left(badRequest(answer)) : E.right(answer);
  },
});

export const reviewDoors: readonly Door[] = [
  door(`${AUTHORIZATION}/selfsubjectaccessreviews`, accessReview),
  door(`${AUTHORIZATION}/selfsubjectrulesreviews`, rulesReview),
  door(`${AUTHENTICATION}/selfsubjectreviews`, subjectReview),
];
