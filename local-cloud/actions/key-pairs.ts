/** Key pairs. Private keys are given away once and never kept. */
import * as E from 'fp-ts/lib/Either.js';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { timestamp } from '../../runtime/clock.js';
import { apiError, missingParameter, type Result } from '../api-error.js';
import { freshId, type Action, type LocalCloud } from '../context.js';
import type { KeyPair } from '../model.js';
import { one, type Params } from '../query.js';
import type { Xml } from '../xml.js';
import { listingAction } from './listing.js';
import { specifiedTags, tagSet } from './tags-xml.js';

const freeName = (cloud: LocalCloud, params: Params): Result<string> => {
  const name = one(params, 'KeyName');
  if (name === undefined || name === '') return E.left(missingParameter('KeyName'));
  if (!cloud.world.keyPairs.has(name)) return E.right(name);
  return E.left(apiError('InvalidKeyPair.Duplicate', `The keypair already exists: '${name}'`));
};

const fingerprintOf = (material: Buffer): string =>
  (createHash('sha1').update(material).digest('hex').match(/../g) ?? []).join(':');

const keep = (cloud: LocalCloud, params: Params, type: string, material: Buffer): Result<KeyPair> => {
  const name = freeName(cloud, params);
  if (E.isLeft(name)) return name;
  const tags = specifiedTags(params, 'key-pair');
  if (E.isLeft(tags)) return tags;
  const ids = new Set([...cloud.world.keyPairs.values()].map(({ id }) => id));
  const pair: KeyPair = {
    id: freshId(cloud, 'key', (id) => ids.has(id)),
    name: name.right,
    fingerprint: fingerprintOf(material),
    type,
    createdAt: cloud.clock.now(),
    tags: tags.right,
  };
  cloud.world.commit([['keyPairs', pair.name, pair]]);
  return E.right(pair);
};

const pairXml = (pair: KeyPair): Record<string, Xml> => ({
  keyName: pair.name,
  keyFingerprint: pair.fingerprint,
  keyPairId: pair.id,
  tagSet: tagSet(pair.tags),
});

export const CreateKeyPair: Action = {
  handle: (cloud, params) => {
    const name = freeName(cloud, params);
    if (E.isLeft(name)) return name;
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const pair = keep(cloud, params, 'rsa', Buffer.from(privateKey));
    return E.isLeft(pair) ? pair : E.right({ ...pairXml(pair.right), keyMaterial: privateKey });
  },
};

export const ImportKeyPair: Action = {
  handle: (cloud, params) => {
    const material = one(params, 'PublicKeyMaterial');
    if (material === undefined) return E.left(missingParameter('PublicKeyMaterial'));
    const text = Buffer.from(material, 'base64').toString();
    const type = /^ssh-(rsa|ed25519) [A-Za-z0-9+/=]+/.exec(text)?.[1];
    if (type === undefined)
      return E.left(apiError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format'));
    const pair = keep(cloud, params, type, Buffer.from(text));
    return E.isLeft(pair) ? pair : E.right(pairXml(pair.right));
  },
};

/** A key pair that is not there is deleted already. */
export const DeleteKeyPair: Action = {
  handle: (cloud, params) => {
    const [name, id] = [one(params, 'KeyName'), one(params, 'KeyPairId')];
    if (name === undefined && id === undefined) return E.left(missingParameter('KeyName'));
    const found = [...cloud.world.keyPairs.values()].find((pair) => pair.name === name || pair.id === id);
    if (found !== undefined) cloud.world.commit([['keyPairs', found.name, null]]);
    return E.right({ return: true, keyPairId: found?.id });
  },
};

export const DescribeKeyPairs = listingAction<KeyPair>({
  things: ({ world }) => [...world.keyPairs.values()],
  id: ({ name }) => name,
  idParameter: 'KeyName',
  unknown: (name) => apiError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`),
  filters: {
    'key-name': ({ name }) => [name],
    'key-pair-id': ({ id }) => [id],
    fingerprint: ({ fingerprint }) => [fingerprint],
  },
  tags: (_, { tags }) => tags,
  set: 'keySet',
  xml: (_, pair) => ({ ...pairXml(pair), keyType: pair.type, createTime: timestamp(pair.createdAt) }),
});
