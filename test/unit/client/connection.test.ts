import * as E from 'fp-ts/lib/Either.js';
import { type ConnectionFlags, type Env, findEndpoint } from '../../../client/connection.js';
import { assert, suite } from '../../suite.js';

const test = suite('finding the control plane');

const entry = (server: string, more = ''): string => `{server: "${server}"${more}}`;

const kubeconfig = (current: string): string => `
current-context: ${current}
clusters:
- {name: shop, cluster: ${entry('https://shop.example:7420', `, certificate-authority-data: ${Buffer.from('CA').toString('base64')}`)}}
- {name: marked, cluster: ${entry('https://marked.example', ', extensions: [{name: scalarium.dev, extension: {}}]')}}
- {name: kube, cluster: ${entry('https://kube.example')}}
- {name: file, cluster: ${entry('https://file.example', ', certificate-authority: ca.pem')}}
- {name: open, cluster: ${entry('https://open.example', ', insecure-skip-tls-verify: true')}}
contexts:
- {name: scalarium-shop, context: {cluster: shop, user: anna}}
- {name: prod, context: {cluster: marked, user: anna}}
- {name: kube, context: {cluster: kube, user: anna}}
- {name: file, context: {cluster: file, user: filed}}
- {name: scalarium-cert, context: {cluster: shop, user: cert}}
- {name: scalarium-exec, context: {cluster: shop, user: exec}}
- {name: scalarium-open, context: {cluster: open, user: anna}}
- {name: scalarium-none, context: {cluster: nowhere, user: anna}}
users:
- {name: anna, user: {token: annas}}
- {name: filed, user: {tokenFile: token.txt}}
- {name: cert, user: {client-certificate-data: eA==}}
- {name: exec, user: {exec: {command: aws}}}
`;

const FILES: Readonly<Record<string, string>> = {
  '.scalarium/endpoint.json': '{"url":"http://127.0.0.1:7420/"}',
  '.scalarium/token': 'secret\n',
  '.scalarium/tls/ca.crt': 'OWN',
  'elsewhere/endpoint.json': '{"url":"http://127.0.0.1:1"}',
  'elsewhere/token': 'other',
  'broken/endpoint.json': '{',
  '/k/shop': kubeconfig('scalarium-shop'),
  '/k/marked': kubeconfig('prod'),
  '/k/kube': kubeconfig('kube'),
  '/k/cert': kubeconfig('scalarium-cert'),
  '/k/exec': kubeconfig('scalarium-exec'),
  '/k/open': kubeconfig('scalarium-open'),
  '/k/none': kubeconfig('scalarium-none'),
  '/k/torn': 'clusters: [',
  '/k/ca.pem': 'FILED',
  '/k/token.txt': 'fileds\n',
  '/home/anna/.kube/config': kubeconfig('scalarium-shop'),
};

interface Row {
  readonly name: string;
  readonly flags?: ConnectionFlags;
  readonly env?: Env;
  /** Nothing is in the working directory. */
  readonly bare?: boolean;
  readonly plugin?: boolean;
  /** `<url> <token> <ca>`, or a part of what is told. */
  readonly expected: string | RegExp;
}

const ROWS: readonly Row[] = [
  { name: 'the default directory', expected: 'http://127.0.0.1:7420 secret OWN' },
  { name: '--data', flags: { data: 'elsewhere' }, expected: 'http://127.0.0.1:1 other' },
  { name: 'SCALARIUM_DATA', env: { SCALARIUM_DATA: 'elsewhere' }, expected: 'http://127.0.0.1:1 other' },
  {
    name: 'a named directory that says nothing',
    flags: { data: 'broken' },
    expected: /^no control plane is running with the data directory broken/,
  },
  { name: '--server with --token', flags: { server: 'http://x:1/', token: 't' }, expected: 'http://x:1 t' },
  {
    name: '--server with a token in the environment',
    flags: { server: 'http://x:1' },
    env: { SCALARIUM_TOKEN: 't' },
    expected: 'http://x:1 t',
  },
  {
    name: '--server that is no URL',
    flags: { server: 'x', token: 't' },
    expected: /^--server: expected an http or https URL, got "x"/,
  },
  {
    name: 'another server: the token of the directory stays here',
    flags: { server: 'https://evil.example' },
    expected: /^no token for https:\/\/evil\.example/,
  },
  {
    name: 'another server: the token given for SCALARIUM_SERVER stays here',
    flags: { server: 'https://evil.example' },
    env: { SCALARIUM_SERVER: 'https://x', SCALARIUM_TOKEN: 't' },
    expected: /^no token for/,
  },
  {
    name: 'the server of the directory by its TLS door',
    flags: { server: 'https://127.0.0.1:7420' },
    expected: 'https://127.0.0.1:7420 secret OWN',
  },
  {
    name: 'a server that the kubeconfig knows',
    flags: { server: 'https://shop.example:7420' },
    expected: 'https://shop.example:7420 annas CA',
  },
  {
    name: 'the same server in the clear gets no token',
    flags: { server: 'http://shop.example:7420' },
    expected: /^no token for http:/,
  },
  {
    name: '--server with --data: its token is meant',
    flags: { server: 'http://127.0.0.1:9', data: 'elsewhere' },
    expected: 'http://127.0.0.1:9 other',
  },
  {
    name: '--server with a directory of the environment',
    flags: { server: 'http://127.0.0.1:9', data: 'elsewhere' },
    env: { SCALARIUM_DATA: 'elsewhere' },
    expected: /^no token for/,
  },
  {
    name: 'SCALARIUM_SERVER before the directory',
    env: { SCALARIUM_SERVER: 'https://x', SCALARIUM_TOKEN: 't' },
    expected: 'https://x t',
  },
  {
    name: '--context before SCALARIUM_SERVER, with its own token',
    flags: { context: 'prod' },
    env: { SCALARIUM_SERVER: 'https://x', SCALARIUM_TOKEN: 't' },
    expected: 'https://marked.example annas',
  },
  {
    name: '--context of any server: the person chose',
    flags: { context: 'kube' },
    expected: 'https://kube.example annas',
  },
  {
    name: '--context that is not there',
    flags: { context: 'nix' },
    expected: /"nix" of the kubeconfig: there is none of this name \(there are: scalarium-shop, prod/,
  },
  {
    name: '--kubeconfig: its current context',
    flags: { kubeconfig: '/k/kube' },
    expected: 'https://kube.example annas',
  },
  {
    name: '--token with --context',
    flags: { context: 'prod', token: 't' },
    expected: 'https://marked.example t',
  },
  {
    name: 'authority and token in files beside the kubeconfig',
    flags: { kubeconfig: '/k/kube', context: 'file' },
    expected: 'https://file.example fileds FILED',
  },
  {
    name: 'the directory before KUBECONFIG',
    env: { KUBECONFIG: '/k/marked' },
    expected: 'http://127.0.0.1:7420 secret OWN',
  },
  {
    name: 'KUBECONFIG',
    bare: true,
    env: { KUBECONFIG: '/k/marked' },
    expected: 'https://marked.example annas',
  },
  {
    name: 'several files: the first current context',
    bare: true,
    env: { KUBECONFIG: '/k/gone:/k/marked:/k/kube' },
    expected: 'https://marked.example annas',
  },
  { name: '~/.kube/config', bare: true, expected: 'https://shop.example:7420 annas CA' },
  {
    name: 'as a plugin KUBECONFIG comes before the directory',
    plugin: true,
    env: { KUBECONFIG: '/k/marked' },
    expected: 'https://marked.example annas',
  },
  {
    name: 'as a plugin, a directory that was named comes first',
    plugin: true,
    flags: { data: 'elsewhere' },
    env: { KUBECONFIG: '/k/marked' },
    expected: 'http://127.0.0.1:1 other',
  },
  {
    name: 'a current context of something else gets no token',
    bare: true,
    env: { KUBECONFIG: '/k/kube' },
    expected: /"kube" of the kubeconfig is not known to be a Scalarium control plane/,
  },
  {
    name: 'a client certificate',
    bare: true,
    env: { KUBECONFIG: '/k/cert' },
    expected: /by client-certificate-data, and Scalarium knows tokens only/,
  },
  { name: 'a credential program', bare: true, env: { KUBECONFIG: '/k/exec' }, expected: /by exec, and/ },
  {
    name: 'no verification',
    bare: true,
    env: { KUBECONFIG: '/k/open' },
    expected: /insecure-skip-tls-verify/,
  },
  {
    name: 'a cluster that is not there',
    bare: true,
    env: { KUBECONFIG: '/k/none' },
    expected: /names no cluster with a server/,
  },
  {
    name: 'a torn kubeconfig',
    bare: true,
    env: { KUBECONFIG: '/k/torn' },
    expected: /^\/k\/torn is no kubeconfig/,
  },
  {
    name: 'nothing at all',
    bare: true,
    env: { KUBECONFIG: '/k/gone' },
    expected: /^no control plane is running/,
  },
];

for (const { name, flags = {}, env = {}, bare = false, plugin = false, expected } of ROWS)
  test(name, () => {
    const readFile = (path: string): string | null =>
      bare && path.startsWith('.scalarium') ? null : (FILES[path] ?? null);
    const found = findEndpoint(flags, env, { readFile, home: '/home/anna', plugin });
    const text = E.isLeft(found)
      ? found.left
      : [found.right.url, found.right.token, ...(found.right.ca === undefined ? [] : [found.right.ca])].join(
          ' ',
        );
    if (typeof expected === 'string') assert.is(text, expected);
    else assert.match(text, expected);
  });
