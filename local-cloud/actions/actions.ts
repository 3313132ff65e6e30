/** Every action the local cloud knows, by its name on the wire. */
import type { Action } from '../context.js';
import { DescribeInstanceAttribute, DescribeInstances, DescribeInstanceStatus } from './describe.js';
import { CreateKeyPair, DeleteKeyPair, DescribeKeyPairs, ImportKeyPair } from './key-pairs.js';
import { RunInstances } from './launch.js';
import {
  DescribeAccountAttributes,
  DescribeAvailabilityZones,
  DescribeImages,
  DescribeInstanceTypes,
  DescribeRegions,
  DescribeSubnets,
  DescribeVpcs,
  GetCallerIdentity,
} from './look-around.js';
import { RebootInstances, StartInstances, StopInstances, TerminateInstances } from './power.js';
import {
  AuthorizeSecurityGroupIngress,
  CreateSecurityGroup,
  DeleteSecurityGroup,
  DescribeSecurityGroups,
  RevokeSecurityGroupIngress,
} from './security-groups.js';
import { CreateTags, DeleteTags, DescribeTags } from './tagging.js';

export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    RunInstances,
    DescribeInstances,
    DescribeInstanceStatus,
    DescribeInstanceAttribute,
    StartInstances,
    StopInstances,
    RebootInstances,
    TerminateInstances,
    CreateTags,
    DeleteTags,
    DescribeTags,
    DescribeRegions,
    DescribeAvailabilityZones,
    DescribeImages,
    DescribeInstanceTypes,
    CreateKeyPair,
    ImportKeyPair,
    DescribeKeyPairs,
    DeleteKeyPair,
    DescribeVpcs,
    DescribeSubnets,
    DescribeSecurityGroups,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    AuthorizeSecurityGroupIngress,
    RevokeSecurityGroupIngress,
    DescribeAccountAttributes,
    GetCallerIdentity,
  }),
);
