/** Security groups: kept and shown, with IPv4 ingress rules; loopback has no firewall to put them in. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, invalidValue, missingParameter, type ApiError, type Result } from '../api-error.js';
import { VPC } from '../catalogue.js';
import { freshId, type Action, type LocalCloud } from '../context.js';
import type { IngressRule, SecurityGroup } from '../model.js';
import { one, structs, type Params } from '../query.js';
import { OWNER, REGION } from '../settings.js';
import type { Xml } from '../xml.js';
import { listingAction } from './listing.js';
import { reservationOf } from './machine-xml.js';
import { specifiedTags, tagSet } from './tags-xml.js';

export const DEFAULT_GROUP: SecurityGroup = {
  id: 'sg-00000000000000001',
  name: 'default',
  description: 'default VPC security group',
  ingress: [],
  tags: {},
};

const unknownGroup = (id: string): ApiError =>
  apiError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);

const namedGroup = ({ world }: LocalCloud, params: Params): Result<SecurityGroup> => {
  const name = one(params, 'GroupId') ?? one(params, 'GroupName');
  if (name === undefined) return E.left(missingParameter('GroupId'));
  const found = [...world.groups.values()].find((group) => group.id === name || group.name === name);
  return found === undefined ? E.left(unknownGroup(name)) : E.right(found);
};

const arnOf = (id: string): string => `arn:aws:ec2:${REGION}:${OWNER}:security-group/${id}`;

export const CreateSecurityGroup: Action = {
  handle: (cloud, params) => {
    const [name, description] = [one(params, 'GroupName'), one(params, 'GroupDescription')];
    if (name === undefined) return E.left(missingParameter('GroupName'));
    if (description === undefined) return E.left(missingParameter('GroupDescription'));
    if ([...cloud.world.groups.values()].some((group) => group.name === name))
      return E.left(
        apiError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${VPC.id}'`),
      );
    const tags = specifiedTags(params, 'security-group');
    if (E.isLeft(tags)) return tags;
    const id = freshId(cloud, 'sg', (taken) => cloud.world.groups.has(taken));
    cloud.world.commit([['groups', id, { id, name, description, ingress: [], tags: tags.right }]]);
    return E.right({ return: true, groupId: id, tagSet: tagSet(tags.right), securityGroupArn: arnOf(id) });
  },
};

const inUse = (cloud: LocalCloud, id: string): boolean =>
  [...cloud.world.machines.values()].some(
    (machine) => machine.state !== 'terminated' && reservationOf(cloud, machine).groups.includes(id),
  );

export const DeleteSecurityGroup: Action = {
  handle: (cloud, params) => {
    const group = namedGroup(cloud, params);
    if (E.isLeft(group)) return group;
    const { id, name } = group.right;
    if (name === 'default')
      return E.left(
        apiError('CannotDelete', `the specified group: "${id}" name: "default" cannot be deleted`),
      );
    if (inUse(cloud, id))
      return E.left(apiError('DependencyViolation', `resource ${id} has a dependent object`));
    cloud.world.commit([['groups', id, null]]);
    return E.right({ return: true, groupId: id });
  },
};

const portOf = (params: Params, name: string): number => Number(one(params, name) ?? '-1');

const ruleOf = (params: Params, cidr: string, description: string): IngressRule => ({
  protocol: one(params, 'IpProtocol') ?? '-1',
  from: portOf(params, 'FromPort'),
  to: portOf(params, 'ToPort'),
  cidr,
  description,
});

/** `IpPermissions.n.IpRanges.m.CidrIp`, or the short form with one `CidrIp`. */
const rulesOf = (params: Params): Result<readonly IngressRule[]> => {
  const short = one(params, 'CidrIp');
  const rules = structs(params, 'IpPermissions').flatMap((permission) =>
    structs(permission, 'IpRanges').map((range) =>
      ruleOf(permission, one(range, 'CidrIp') ?? '', one(range, 'Description') ?? ''),
    ),
  );
  if (short !== undefined) rules.push(ruleOf(params, short, ''));
  if (rules.length === 0) return E.left(missingParameter('IpPermissions.1.IpRanges.1.CidrIp'));
  const wrong = rules.find(({ cidr, from, to }) => !/^[\d.]+\/\d+$/.test(cidr) || !(from <= to));
  return wrong === undefined
    ? E.right(rules)
    : E.left(
        invalidValue(`Invalid rule: ports ${String(wrong.from)}-${String(wrong.to)}, CIDR '${wrong.cidr}'`),
      );
};

const ruleKey = ({ protocol, from, to, cidr }: IngressRule): string =>
  `${protocol} ${String(from)} ${String(to)} ${cidr}`;

const keysOf = (rules: readonly IngressRule[]): ReadonlySet<string> => new Set(rules.map(ruleKey));

type Change = (
  present: readonly IngressRule[],
  given: readonly IngressRule[],
) => Result<readonly IngressRule[]>;

const authorize: Change = (present, given) => {
  const known = keysOf(present);
  return given.some((rule) => known.has(ruleKey(rule)))
    ? E.left(apiError('InvalidPermission.Duplicate', 'the specified rule already exists'))
    : E.right([...present, ...given]);
};

const revoke: Change = (present, given) => {
  const [known, unwanted] = [keysOf(present), keysOf(given)];
  return given.some((rule) => !known.has(ruleKey(rule)))
    ? E.left(
        apiError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.'),
      )
    : E.right(present.filter((rule) => !unwanted.has(ruleKey(rule))));
};

const ingressAction = (change: Change): Action => ({
  handle: (cloud, params) => {
    const group = namedGroup(cloud, params);
    if (E.isLeft(group)) return group;
    const rules = rulesOf(params);
    if (E.isLeft(rules)) return rules;
    const ingress = change(group.right.ingress, rules.right);
    if (E.isLeft(ingress)) return ingress;
    cloud.world.commit([['groups', group.right.id, { ...group.right, ingress: ingress.right }]]);
    return E.right({ return: true });
  },
});

export const AuthorizeSecurityGroupIngress = ingressAction(authorize);
export const RevokeSecurityGroupIngress = ingressAction(revoke);

const ruleXml = (rule: IngressRule): Xml => ({
  ipProtocol: rule.protocol,
  fromPort: rule.protocol === '-1' ? undefined : rule.from,
  toPort: rule.protocol === '-1' ? undefined : rule.to,
  groups: [],
  ipRanges: [{ cidrIp: rule.cidr, description: rule.description === '' ? undefined : rule.description }],
});

const EGRESS: Xml = [{ ipProtocol: '-1', groups: [], ipRanges: [{ cidrIp: '0.0.0.0/0' }] }];

export const DescribeSecurityGroups = listingAction<SecurityGroup>({
  things: ({ world }) => [...world.groups.values()],
  id: ({ id }) => id,
  idParameter: 'GroupId',
  unknown: unknownGroup,
  filters: {
    'group-id': ({ id }) => [id],
    'group-name': ({ name }) => [name],
    description: ({ description }) => [description],
    'vpc-id': () => [VPC.id],
    'owner-id': () => [OWNER],
  },
  tags: (_, { tags }) => tags,
  set: 'securityGroupInfo',
  xml: (_, group) => ({
    ownerId: OWNER,
    groupId: group.id,
    groupName: group.name,
    groupDescription: group.description,
    vpcId: VPC.id,
    securityGroupArn: arnOf(group.id),
    ipPermissions: group.ingress.map(ruleXml),
    ipPermissionsEgress: EGRESS,
    tagSet: tagSet(group.tags),
  }),
});
