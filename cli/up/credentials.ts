/** AWS credentials files, as far as a profile with two keys goes. */
import { existsSync, readFileSync } from 'node:fs';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const sectionOf = (text: string, profile: string): string =>
  text.split(/^\s*\[/m).find((section) => section.startsWith(`${profile}]`)) ?? '';

const valueOf = (section: string, key: string): string | undefined =>
  new RegExp(`^\\s*${key}\\s*=\\s*(\\S+)`, 'm').exec(section)?.[1];

/** The keys of a profile; null when the file is not there, an Error for a person when it holds no such keys. */
export const readAwsKeys = (file: string, profile: string): AwsKeys | null => {
  if (!existsSync(file)) return null;
  const section = sectionOf(readFileSync(file, 'utf8'), profile);
  const accessKeyId = valueOf(section, 'aws_access_key_id');
  const secretAccessKey = valueOf(section, 'aws_secret_access_key');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  throw new Error(
    `${file}: expected aws_access_key_id and aws_secret_access_key in the profile [${profile}], got neither or one`,
  );
};
