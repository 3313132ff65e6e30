/** Who may import whom: the table of docs/architecture.md. */
const FOLDERS = require('./scripts/folders.json');

const STORE_PORTS =
  '^store/(store|keys|ownership)\\.ts$|^store/objects/(objects|events)\\.ts$|^store/observed/';

/** folder: what of ours it may import beside itself. */
const MAY = {
  'api-types': [],
  runtime: ['^api-types/'],
  recipes: ['^api-types/'],
  sources: ['^api-types/', '^runtime/', '^recipes/'],
  client: ['^api-types/'],
  store: ['^api-types/', '^runtime/'],
  cloud: ['^api-types/', '^runtime/'],
  controllers: [
    '^api-types/',
    '^runtime/',
    '^recipes/',
    '^sources/',
    STORE_PORTS,
    '^cloud/(cloud|balancers)\\.ts$',
  ],
  agent: ['^api-types/', '^runtime/', '^recipes/', '^sources/', '^client/'],
  server: ['^api-types/', '^runtime/', STORE_PORTS],
  cli: ['^api-types/', '^client/'],
  'local-cloud': ['^api-types/', '^runtime/'],
};

const ROOTS = '(^|/)main\\.ts$|^cli/commands/(up|down|agent|supervisor|local-cloud|hosts)\\.ts$|^cli/up/';

const layer = (folder) => ({
  name: `layer-${folder}`,
  comment: `${folder} may import ${MAY[folder].join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^${folder}/`, pathNot: folder === 'local-cloud' ? `${ROOTS}|^local-cloud/hosts/` : ROOTS },
  to: { path: `^(${FOLDERS.join('|')}|test|bench)/`, pathNot: [`^${folder}/`, ...MAY[folder]].join('|') },
});

const only = (name, packages, pathNot) => ({
  name: `only-${name}`,
  severity: 'error',
  from: { path: '^(' + FOLDERS.join('|') + ')/', pathNot },
  to: { path: packages },
});

module.exports = {
  forbidden: [
    ...Object.keys(MAY).map(layer),
    {
      name: 'layer-local-cloud-hosts',
      severity: 'error',
      from: { path: '^local-cloud/hosts/' },
      to: {
        path: `^(${FOLDERS.join('|')}|test|bench)/`,
        pathNot: '^local-cloud/|^api-types/|^runtime/|^agent/|^cloud/cloud\\.ts$',
      },
    },
    {
      name: 'controllers-apart',
      comment: 'one controller never imports another',
      severity: 'error',
      from: { path: '^controllers/([^/]+)/' },
      to: { path: '^controllers/([^/]+)/', pathNot: '^controllers/$1/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('etcd3', '(^|/)node_modules/etcd3/', '^store/etcd/'),
    only('lmdb', '(^|/)node_modules/lmdb/', '^store/embedded/'),
    only('aws-sdk', '(^|/)node_modules/@aws-sdk/', '^cloud/ec2/'),
    only(
      'child-process',
      '^(node:)?child_process$',
      `^agent/|^recipes/|^local-cloud/hosts/|^cli/commands/(edit|ssh|diff)\\.ts$|${ROOTS}`,
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  },
};
