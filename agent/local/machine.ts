/** Which machine this is, where nobody says so. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';

/** As EC2 and the clouds that speak its API name machines. */
const MACHINE = /^i-[0-9a-z]{6,}$/;

/** Written by cloud-init before anything of ours starts. */
const INSTANCE_ID = 'var/lib/cloud/data/instance-id';

const METADATA = 'http://169.254.169.254';
const PATIENCE_MS = 2_000;

const ask = (method: string, path: string, headers: Record<string, string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(`${METADATA}${path}`, { method, headers, timeout: PATIENCE_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(text.trim());
        else reject(new Error(`${path} answered ${String(answer.statusCode)}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${String(PATIENCE_MS)} ms`)));
    asked.on('error', reject);
    asked.end();
  });

/** With a session token where the service gives one (IMDSv2), without elsewhere. */
const fromMetadata = async (): Promise<string> => {
  const lifetime = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
  const token = await ask('PUT', '/latest/api/token', lifetime).catch(() => '');
  const headers: Record<string, string> = token === '' ? {} : { 'x-aws-ec2-metadata-token': token };
  return ask('GET', '/latest/meta-data/instance-id', headers);
};

/** The machine's id at its cloud. Rejects with a sentence that says where it was looked for. */
export const machineHere = async (root: string): Promise<string> => {
  const file = join(root, INSTANCE_ID);
  const written = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (MACHINE.test(written)) return written;
  try {
    return await fromMetadata();
  } catch (error) {
    throw new Error(
      `which machine this is cannot be said: ${file} names none, and the metadata service at ${METADATA} did not ` +
        `answer (${error instanceof Error ? error.message : String(error)}): give --machine ID`,
    );
  }
};
