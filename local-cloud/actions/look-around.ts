/** What people and tools look at before they launch: regions, zones, images, types, network, account. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError } from '../api-error.js';
import {
  IMAGES,
  MACHINE_TYPES,
  SUBNETS,
  SUBNET_SIZE,
  VPC,
  type Image,
  type MachineType,
  type Subnet,
} from '../catalogue.js';
import type { Action, LocalCloud } from '../context.js';
import type { ResourceTags } from '../model.js';
import { list } from '../query.js';
import { OWNER, REGION } from '../settings.js';
import { listingAction } from './listing.js';
import { tagSet } from './tags-xml.js';

const noTags = (): ResourceTags => ({});

const fixedTags = ({ world }: LocalCloud, { id }: { readonly id: string }): ResourceTags =>
  world.fixedTags.get(id) ?? {};

export const DescribeRegions = listingAction<string>({
  things: () => [REGION],
  id: (name) => name,
  idParameter: 'RegionName',
  unknown: (id) => apiError('InvalidParameterValue', `Invalid region: [${id}]`),
  filters: { 'region-name': (name) => [name], 'opt-in-status': () => ['opt-in-not-required'] },
  tags: noTags,
  set: 'regionInfo',
  xml: (_, regionName) => ({
    regionName,
    regionEndpoint: `ec2.${regionName}.localhost`,
    optInStatus: 'opt-in-not-required',
  }),
});

export const DescribeAvailabilityZones = listingAction<Subnet>({
  things: () => SUBNETS,
  id: ({ zone }) => zone,
  idParameter: 'ZoneName',
  unknown: (id) => apiError('InvalidParameterValue', `Invalid availability zone: [${id}]`),
  filters: {
    'zone-name': ({ zone }) => [zone],
    'zone-id': ({ zoneId }) => [zoneId],
    'zone-type': () => ['availability-zone'],
    'region-name': () => [REGION],
    'opt-in-status': () => ['opt-in-not-required'],
    state: () => ['available'],
  },
  tags: noTags,
  set: 'availabilityZoneInfo',
  xml: (_, { zone, zoneId }) => ({
    zoneName: zone,
    zoneId,
    zoneState: 'available',
    zoneType: 'availability-zone',
    regionName: REGION,
    groupName: REGION,
    networkBorderGroup: REGION,
    optInStatus: 'opt-in-not-required',
    messageSet: [],
  }),
});

export const DescribeImages = listingAction<Image>({
  things: () => IMAGES,
  id: ({ id }) => id,
  idParameter: 'ImageId',
  unknown: (id) => apiError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`),
  filters: {
    'image-id': ({ id }) => [id],
    name: ({ name }) => [name],
    architecture: ({ architecture }) => [architecture],
    state: () => ['available'],
    'image-type': () => ['machine'],
    'is-public': () => ['true'],
    'owner-id': () => [OWNER],
    'owner-alias': () => ['self'],
    'root-device-type': () => ['ebs'],
    'virtualization-type': () => ['hvm'],
    'creation-date': ({ createdAt }) => [createdAt],
  },
  tags: fixedTags,
  set: 'imagesSet',
  xml: (cloud, image) => ({
    imageId: image.id,
    imageLocation: `local/${image.name}`,
    imageState: 'available',
    imageOwnerId: OWNER,
    isPublic: true,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    description: image.description,
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: [
      { deviceName: '/dev/xvda', ebs: { volumeSize: 8, volumeType: 'gp3', deleteOnTermination: true } },
    ],
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    creationDate: image.createdAt,
    tagSet: tagSet(fixedTags(cloud, image)),
  }),
});

export const DescribeInstanceTypes = listingAction<MachineType>({
  things: () => MACHINE_TYPES,
  id: ({ name }) => name,
  idParameter: 'InstanceType',
  unknown: (id) =>
    apiError('InvalidInstanceType', `The following supplied instance types do not exist: [${id}]`),
  filters: {
    'instance-type': ({ name }) => [name],
    'current-generation': () => ['true'],
    'processor-info.supported-architecture': ({ architecture }) => [architecture],
    'vcpu-info.default-vcpus': ({ vcpus }) => [String(vcpus)],
    'memory-info.size-in-mib': ({ memoryMib }) => [String(memoryMib)],
  },
  tags: noTags,
  set: 'instanceTypeSet',
  xml: (_, type) => ({
    instanceType: type.name,
    currentGeneration: true,
    freeTierEligible: type.name.endsWith('.micro'),
    supportedUsageClasses: ['on-demand'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'],
    bareMetal: false,
    hypervisor: 'nitro',
    processorInfo: { supportedArchitectures: [type.architecture] },
    vCpuInfo: {
      defaultVCpus: type.vcpus,
      defaultCores: Math.max(1, type.vcpus / 2),
      defaultThreadsPerCore: 2,
    },
    memoryInfo: { sizeInMiB: type.memoryMib },
    instanceStorageSupported: false,
    burstablePerformanceSupported: type.name.startsWith('t'),
  }),
});

export const DescribeVpcs = listingAction<typeof VPC>({
  things: () => [VPC],
  id: ({ id }) => id,
  idParameter: 'VpcId',
  unknown: (id) => apiError('InvalidVpcID.NotFound', `The vpc ID '${id}' does not exist`),
  filters: {
    'vpc-id': ({ id }) => [id],
    cidr: ({ cidr }) => [cidr],
    isDefault: () => ['true'],
    'is-default': () => ['true'],
    state: () => ['available'],
    'owner-id': () => [OWNER],
  },
  tags: fixedTags,
  set: 'vpcSet',
  xml: (cloud, vpc) => ({
    vpcId: vpc.id,
    ownerId: OWNER,
    state: 'available',
    cidrBlock: vpc.cidr,
    cidrBlockAssociationSet: [
      { cidrBlock: vpc.cidr, associationId: 'vpc-cidr-assoc-1', cidrBlockState: { state: 'associated' } },
    ],
    dhcpOptionsId: 'dopt-00000000000000001',
    instanceTenancy: 'default',
    isDefault: true,
    tagSet: tagSet(fixedTags(cloud, vpc)),
  }),
});

const inUse = ({ world }: LocalCloud, subnet: Subnet): number =>
  [...world.machines.values()].filter(
    ({ subnetId, state }) => subnetId === subnet.id && state !== 'terminated',
  ).length;

export const DescribeSubnets = listingAction<Subnet>({
  things: () => SUBNETS,
  id: ({ id }) => id,
  idParameter: 'SubnetId',
  unknown: (id) => apiError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`),
  filters: {
    'subnet-id': ({ id }) => [id],
    'vpc-id': () => [VPC.id],
    'availability-zone': ({ zone }) => [zone],
    availabilityZone: ({ zone }) => [zone],
    'availability-zone-id': ({ zoneId }) => [zoneId],
    cidr: ({ cidr }) => [cidr],
    'cidr-block': ({ cidr }) => [cidr],
    'default-for-az': () => ['true'],
    defaultForAz: () => ['true'],
    state: () => ['available'],
  },
  tags: fixedTags,
  set: 'subnetSet',
  xml: (cloud, subnet) => ({
    subnetId: subnet.id,
    subnetArn: `arn:aws:ec2:${REGION}:${OWNER}:subnet/${subnet.id}`,
    state: 'available',
    ownerId: OWNER,
    vpcId: VPC.id,
    cidrBlock: subnet.cidr,
    availableIpAddressCount: SUBNET_SIZE - 5 - inUse(cloud, subnet),
    availabilityZone: subnet.zone,
    availabilityZoneId: subnet.zoneId,
    defaultForAz: true,
    mapPublicIpOnLaunch: false,
    assignIpv6AddressOnCreation: false,
    tagSet: tagSet(fixedTags(cloud, subnet)),
  }),
});

const ACCOUNT: Readonly<Record<string, string>> = {
  'supported-platforms': 'VPC',
  'default-vpc': VPC.id,
  'max-instances': '100000',
  'vpc-max-security-groups-per-interface': '5',
  'max-elastic-ips': '0',
};

export const DescribeAccountAttributes: Action = {
  handle: (_, params) => {
    const wanted = list(params, 'AttributeName');
    const names = Object.keys(ACCOUNT).filter((name) => wanted.length === 0 || wanted.includes(name));
    return E.right({
      accountAttributeSet: names.map((attributeName) => ({
        attributeName,
        attributeValueSet: [{ attributeValue: ACCOUNT[attributeName] }],
      })),
    });
  },
};

export const GetCallerIdentity: Action = {
  sts: true,
  handle: () => E.right({ Arn: `arn:aws:iam::${OWNER}:user/local`, UserId: 'AIDALOCAL', Account: OWNER }),
};
