import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { assert, suite } from '../../suite.js';
import { idsOf, theFile } from './texts.js';
import { role, snapshotOf } from './world.js';

const test = suite('what web roles and monitoring make of a snapshot');

const INSTANCE = 'export SCALARIUM_INSTANCE="$(cat "${SCALARIUM_ROOT:-}/etc/hostname")"\n';

const HEAD = '# Written by Scalarium; changes are overwritten.\n';

/** The small cluster, whose app servers are of this type. */
const apps = (type: RoleType, attributes: Readonly<Record<string, unknown>> = {}): Snapshot =>
  snapshotOf({ roles: { ...snapshotOf().roles, app: role(type, attributes) } });

const texts: readonly {
  readonly name: string;
  readonly type: RoleType;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly path: string;
  readonly text: string;
}[] = [
  {
    name: 'static sites by their domains',
    type: 'static-web',
    attributes: {
      applications: {
        shop: { domains: ['shop.example.com', '*.shop.example.com'] },
        blog: { documentRoot: 'dist' },
      },
    },
    path: '/etc/nginx/conf.d/scalarium-app.conf',
    text: `${HEAD}server {
    listen 80 default_server;
    server_name _;
    client_max_body_size 64m;
    location ~ /\\.(?!well-known/) {
        return 404;
    }
    root /srv/www/blog/current/dist;
    index index.html index.htm;
    location / {
        try_files $uri $uri/ =404;
    }
}

server {
    listen 80;
    server_name shop.example.com *.shop.example.com;
    client_max_body_size 64m;
    location ~ /\\.(?!well-known/) {
        return 404;
    }
    root /srv/www/shop/current;
    index index.html index.htm;
    location / {
        try_files $uri $uri/ =404;
    }
}
`,
  },
  {
    name: "PHP: what is no file is the front controller's",
    type: 'php-app',
    attributes: { applications: { shop: {} } },
    path: '/etc/nginx/conf.d/scalarium-app.conf',
    text: `${HEAD}server {
    listen 80 default_server;
    server_name _;
    client_max_body_size 64m;
    location ~ /\\.(?!well-known/) {
        return 404;
    }
    root /srv/www/shop/current;
    index index.php index.html;
    location / {
        try_files $uri $uri/ /index.php?$query_string;
    }
    location ~ \\.php$ {
        try_files $uri =404;
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
        fastcgi_param DOCUMENT_ROOT $realpath_root;
        fastcgi_param HTTP_PROXY "";
        fastcgi_read_timeout 60s;
        fastcgi_pass unix:/run/php/scalarium-shop.sock;
    }
}
`,
  },
  {
    name: 'PHP: a pool for each application, with its environment',
    type: 'php-app',
    attributes: { applications: { shop: { environment: { A: "b'c" } } } },
    path: '/etc/php/8.2/fpm/pool.d/scalarium-app.conf',
    text: `; Written by Scalarium; changes are overwritten.
[global]
process_control_timeout = 30s

[shop]
user = deploy
group = deploy
listen = /run/php/scalarium-shop.sock
listen.owner = www-data
listen.group = www-data
listen.mode = 0660
pm = dynamic
pm.max_children = 10
pm.start_servers = 2
pm.min_spare_servers = 2
pm.max_spare_servers = 5
catch_workers_output = yes
php_admin_value[memory_limit] = 128M
env[SCALARIUM_CLUSTER] = 'shop'
env[SCALARIUM_ROLE] = 'app'
env[DATABASE_MASTER] = '127.0.3.1:3306'
env[DATABASE_REPLICAS] = '127.0.4.1:3306'
env[DATABASE_HOST] = '127.0.3.1'
env[DATABASE_PORT] = '3306'
env[DATABASE_NAME] = 'app'
env[DATABASE_USER] = 'app'
env[DATABASE_PASSWORD] = 'db-mysql/password'
env[MEMCACHED_SERVERS] = '127.0.5.1:11211'
env[SCALARIUM_APPLICATION] = 'shop'
env[A] = "b'c"
`,
  },
  {
    name: "Rails: what is no file is the application's",
    type: 'rails-app',
    attributes: { applications: { shop: {} } },
    path: '/etc/nginx/conf.d/scalarium-app.conf',
    text: `${HEAD}server {
    listen 80 default_server;
    server_name _;
    client_max_body_size 64m;
    location ~ /\\.(?!well-known/) {
        return 404;
    }
    root /srv/www/shop/current/public;
    location / {
        try_files $uri @application;
    }
    location @application {
        proxy_pass http://unix:/srv/www/shop/shared/sockets/web.sock;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        proxy_read_timeout 60s;
    }
}
`,
  },
  {
    name: 'Rails: Puma',
    type: 'rails-app',
    attributes: { applications: { shop: {} } },
    path: '/etc/scalarium/applications/shop.start',
    text: `#!/bin/sh
${HEAD}# Starts the application once its code is there.
code="\${SCALARIUM_ROOT:-}/srv/www/shop/current"
until [ -e "$code"/'config.ru' ]; do sleep 1; done
cd -P "$code" || exit 1
${INSTANCE}export SOCKET=/srv/www/shop/shared/sockets/web.sock
exec bundle exec puma --environment production --workers 2 --threads 1:5 --bind 'unix:///srv/www/shop/shared/sockets/web.sock?umask=0111'
`,
  },
  {
    name: 'Rails: Passenger',
    type: 'rails-app',
    attributes: { applications: { shop: {} }, rails: { server: 'passenger' } },
    path: '/etc/scalarium/applications/shop.start',
    text: `#!/bin/sh
${HEAD}# Starts the application once its code is there.
code="\${SCALARIUM_ROOT:-}/srv/www/shop/current"
until [ -e "$code"/'config.ru' ]; do sleep 1; done
cd -P "$code" || exit 1
${INSTANCE}export SOCKET=/srv/www/shop/shared/sockets/web.sock
exec passenger start --engine builtin --environment production --socket-file /srv/www/shop/shared/sockets/web.sock --max-pool-size 10 --log-file /dev/stdout
`,
  },
  {
    name: 'Java: a WAR at its path',
    type: 'java-app',
    attributes: { applications: { shop: { entry: 'shop.war', path: '/shop/v1' } } },
    path: '/var/lib/scalarium-tomcat/conf/Catalina/localhost/shop#v1.xml',
    text: `<!-- Written by Scalarium; changes are overwritten. -->
<Context docBase="/srv/www/shop/current/shop.war" />
`,
  },
  {
    name: 'Java: Tomcat',
    type: 'java-app',
    attributes: {},
    path: '/var/lib/scalarium-tomcat/conf/server.xml',
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by Scalarium; changes are overwritten. -->
<Server port="-1">
  <Listener className="org.apache.catalina.core.JreMemoryLeakPreventionListener" />
  <Listener className="org.apache.catalina.core.ThreadLocalLeakPreventionListener" />
  <Service name="Catalina">
    <Connector port="8080" protocol="HTTP/1.1" connectionTimeout="20000" />
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="true" unpackWARs="true">
        <Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="x-forwarded-proto" />
      </Host>
    </Engine>
  </Service>
</Server>
`,
  },
  {
    name: 'Java: Tomcat waits for code',
    type: 'java-app',
    attributes: { applications: { a: { path: '/a' }, b: { entry: 'b.war' } } },
    path: '/etc/scalarium/tomcat.start',
    text: `#!/bin/sh
${HEAD}# Starts Tomcat once there is code of an application.
until [ -e '/srv/www/a/current' ] || [ -e '/srv/www/b/current/b.war' ]; do sleep 1; done
exec "$1" run
`,
  },
  {
    name: 'Java: what Tomcat is started with',
    type: 'java-app',
    attributes: {},
    path: '/etc/scalarium/tomcat.env',
    text: `CATALINA_OPTS="-Xms128m -Xmx512m"
`,
  },
  {
    name: 'monitoring',
    type: 'monitoring',
    attributes: {},
    path: '/etc/prometheus/prometheus.yml',
    text: `${HEAD}global:
  scrape_interval: 15s
  scrape_timeout: 10s
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ['localhost:9090']
  - job_name: hosts
    file_sd_configs:
      - files: ['/etc/prometheus/scalarium-targets.json']
`,
  },
];

for (const { name, type, attributes, path, text } of texts)
  test(name, async () => {
    assert.is(await theFile(apps(type, attributes), 'app-1', path), text);
  });

test('monitoring asks every host that has an address, and every host is ready to be asked', async () => {
  const snapshot = snapshotOf({ roles: { ...snapshotOf().roles, misc: role('monitoring') } });
  const targets = JSON.parse(
    await theFile(snapshot, 'misc-1', '/etc/prometheus/scalarium-targets.json'),
  ) as readonly unknown[];
  assert.is(targets.length, 8);
  assert.equal(targets[2], {
    targets: ['127.0.2.10:9100'],
    labels: { instance: 'app-10', cluster: 'shop', role: 'app', zone: 'a', ready: 'true' },
  });
  for (const instance of Object.keys(snapshot.hosts))
    assert.ok(idsOf('setup', snapshot, instance).includes('service[prometheus-node-exporter]'), instance);
  assert.ok(!idsOf('setup', snapshotOf(), 'app-1').includes('service[prometheus-node-exporter]'));
  const off = snapshotOf({
    roles: { ...snapshotOf().roles, misc: role('monitoring', { exporter: { enabled: false } }) },
  });
  assert.ok(!idsOf('setup', off, 'app-1').includes('service[prometheus-node-exporter]'));
});
