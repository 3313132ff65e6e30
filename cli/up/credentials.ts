/** The keys for an EC2 endpoint, from an AWS credentials file. */
import { existsSync, readFileSync } from 'node:fs';
import { keyPairIn, type KeyPairOfCaller } from '../../local-cloud/credentials.js';

/** The keys of a profile; null when the file is not there, an Error for a person when it holds no such keys. */
export const readAwsKeys = (file: string, profile: string): KeyPairOfCaller | null => {
  if (!existsSync(file)) return null;
  const keys = keyPairIn(readFileSync(file, 'utf8'), profile);
  if (keys !== null) return keys;
  throw new Error(
    `${file}: expected aws_access_key_id and aws_secret_access_key in the profile [${profile}], got neither or one`,
  );
};
