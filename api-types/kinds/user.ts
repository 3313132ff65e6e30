/** User: a person or a program that may ask the API. What it may do is said by Grants. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { NonEmpty, Time, fields, listOf, refined } from '../words.js';
import { Conditions, VALID } from './conditions.js';

const SSH_KEY =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]+={0,3}( [^\r\n]*)?$/;

/** One line of an authorized_keys file without options. */
const SshKey = refined(
  t.string,
  'a public key as ssh-keygen writes it ("ssh-ed25519 AAAA… comment"), one line',
  (value) => value.length <= 4096 && SSH_KEY.test(value),
  { pattern: SSH_KEY.source, maxLength: 4096 },
);

/** Who the person is at an OpenID Connect provider. */
const OidcIdentity = fields(
  'OidcIdentity',
  {
    issuer: described(NonEmpty, 'The provider, as its tokens name it in `iss`.'),
    subject: described(
      NonEmpty,
      'The person, as the provider names them in the claim that the control plane reads.',
    ),
  },
  {},
);

export const UserSpec = fields(
  'UserSpec',
  {},
  {
    displayName: described(
      t.string,
      'The name that people are shown. Free text; nothing is looked up by it.',
      {
        otherwise: 'the name of the User',
      },
    ),
    email: described(t.string, 'Where messages for this person go. Not verified, and no way to log in.'),
    admin: described(t.boolean, 'May do everything in every cluster, and manage clouds and users.', {
      default: false,
    }),
    disabled: described(t.boolean, 'Refused at every door: no password, token or host account works.', {
      default: false,
    }),
    groups: described(listOf(NonEmpty, 'a list of group names'), 'Groups that Grants may name.', {
      default: [],
    }),
    sshKeys: described(
      listOf(SshKey, 'a list of public keys'),
      'Public keys that open the accounts this user has on hosts. The user may change them.',
      { default: [] },
    ),
    oidc: described(
      OidcIdentity,
      'Who this user is at an OpenID Connect provider; whoever proves to be that may log in.',
      {
        otherwise: 'no login by way of a provider',
      },
    ),
  },
);
export interface UserSpec extends t.TypeOf<typeof UserSpec> {}

/** A token as the record knows it: its SHA-256 only. */
export const TokenRecord = fields(
  'TokenRecord',
  {
    hash: described(t.string, 'SHA-256 of the token; never shown.'),
    createdAt: described(Time, 'When it was made.'),
  },
  {
    expiresAt: described(Time, 'From when on it is refused.', { otherwise: 'never' }),
    groups: described(
      listOf(NonEmpty, 'a list of group names'),
      'Groups that the OpenID Connect provider named at the login; they hold as long as the token.',
      { default: [] },
    ),
  },
);
export interface TokenRecord extends t.TypeOf<typeof TokenRecord> {}

export const UserStatus = fields(
  'UserStatus',
  {},
  {
    /** Writer of both: server. */
    password: described(
      fields(
        'PasswordRecord',
        {
          hash: described(t.string, 'Argon2id; never shown.'),
          changedAt: described(Time, 'When it was set.'),
        },
        {},
      ),
      'The password, when there is one. Set with PUT below the User, never here.',
    ),
    tokens: described(
      t.record(t.string, TokenRecord, 'tokens by name'),
      'Tokens by the name that they were given. `scalarium token` lists and revokes them.',
    ),
    conditions: described(Conditions, VALID),
  },
);
export interface UserStatus extends t.TypeOf<typeof UserStatus> {}

export const userDefaults = (spec: UserSpec): UserSpec => ({
  admin: false,
  disabled: false,
  groups: [],
  sshKeys: [],
  ...spec,
});
