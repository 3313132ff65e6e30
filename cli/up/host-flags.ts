/** The flags of `scalarium up` that say what hosts are made of, and where their cookbooks may come from. */
import { Option, type Command } from 'commander';

export const addHostFlags = (command: Command): Command =>
  command
    .addOption(
      new Option('--hosts <driver>', 'process, namespace, hollow or none')
        .env('SCALARIUM_HOSTS')
        .default('process'),
    )
    .addOption(
      new Option(
        '--hosts-base <dir>',
        'the root of a system that namespace hosts begin with; none: that of this machine',
      ).env('SCALARIUM_HOSTS_BASE'),
    )
    .addOption(
      new Option(
        '--agent-files <dir>',
        'agents for bare images to fetch; default: where `npm run build:agent` puts them',
      ).env('SCALARIUM_AGENT_FILES'),
    )
    .addOption(
      new Option(
        '--local-sources',
        'repositories that are folders of this machine may be sources of cookbooks and applications, for whoever may edit a cluster',
      ).env('SCALARIUM_LOCAL_SOURCES'),
    );
