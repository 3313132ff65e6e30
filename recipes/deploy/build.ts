/** How code is made ready to run where its Application does not say: a table by type, of what the code has. Pure. */
import type { ReleaseConfig } from '../../api-types/release.js';

/** Whether the release has a file or folder of this name at its top. */
export type Has = (name: string) => boolean;

const npm = (has: Has): readonly string[] =>
  (has('package-lock.json') || has('npm-shrinkwrap.json')) && !has('node_modules')
    ? ['npm ci --omit=dev --no-audit --no-fund']
    : [];

/** Gems of all releases are in one place: those with native parts take minutes to build. */
const bundler = (has: Has): readonly string[] =>
  has('Gemfile.lock') && !has('vendor/bundle')
    ? [
        'bundle config set --local deployment true',
        "bundle config set --local without 'development test'",
        'bundle config set --local path "$SHARED_PATH/bundle"',
        'bundle install --quiet',
      ]
    : [];

const composer = (has: Has): readonly string[] =>
  has('composer.lock') && !has('vendor')
    ? ['composer install --no-dev --no-interaction --no-progress --prefer-dist --optimize-autoloader']
    : [];

const DEFAULTS: Readonly<Record<string, (has: Has) => readonly string[]>> = {
  nodejs: npm,
  rails: bundler,
  php: composer,
};

/** What a build may look for. */
export const LOOKED_FOR = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'node_modules',
  'Gemfile.lock',
  'vendor/bundle',
  'composer.lock',
  'vendor',
] as const;

/** Command lines, in their order. */
export const buildCommands = ({ type, build }: ReleaseConfig, has: Has): readonly string[] =>
  build ?? DEFAULTS[type]?.(has) ?? [];

/** Folders that releases share though no spec says so: what builds of this type keep for the next one. */
export const buildFolders = ({ type, build }: ReleaseConfig): readonly string[] =>
  type === 'rails' && build === undefined ? ['bundle'] : [];

/** Null: there is nothing to migrate. */
export const migrationCommand = ({ type, migration }: ReleaseConfig): string | null =>
  migration?.command ?? (type === 'rails' ? 'bundle exec rake db:migrate' : null);
