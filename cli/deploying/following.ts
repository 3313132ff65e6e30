/** Follows a Deployment to its end; Ctrl-C asks what is to become of it. */
import { ABORT, isEnded } from '../../api-types/kinds/deployment.js';
import type { Client } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { type HostOutput, hostOutput } from '../host-output.js';
import { type Deployment, addressOf, hostsOf, nameOf, statusOf } from './deployment.js';
import { type Display, openDisplay } from './display.js';

const QUESTION = 'Go on in the background (b), abort (a), keep watching (w)? ';

/** How to look at it later. */
export const laterText = ({ program }: CliContext, { metadata }: Deployment): string =>
  `${program} logs --deployment ${metadata.name} -n ${metadata.namespace ?? ''} -f`;

/** Has it go back; said once, whoever says it. */
export const abortDeployment = async (
  context: CliContext,
  client: Client,
  deployment: Deployment,
): Promise<void> => {
  const annotations = { [ABORT]: new Date(context.now()).toISOString() };
  await valueOf(client.patch(addressOf(deployment), { metadata: { annotations } }));
};

const wantAll = (output: HostOutput, deployment: Deployment): void => {
  for (const [name, { event }] of hostsOf(deployment)) if (event !== undefined) output.want(name, event);
};

class Following {
  private readonly left = new AbortController();
  private readonly display: Display;
  private readonly output: HostOutput | null;
  private asking = false;

  constructor(
    private readonly context: CliContext,
    private readonly client: Client,
    private readonly begun: Deployment,
    quiet: boolean,
  ) {
    this.display = openDisplay(context);
    const cluster = begun.metadata.namespace ?? '';
    const show = (line: string): void => {
      this.display.line(line);
    };
    this.output = quiet ? null : hostOutput(context, client, { cluster, signal: this.left.signal, show });
  }

  /** Null: it goes on without us. */
  async toEnd(): Promise<Deployment | null> {
    const release = this.context.onInterrupt(() => {
      void this.interrupted();
    });
    try {
      return await this.watched();
    } finally {
      release();
      await this.output?.close();
      await this.display.close();
    }
  }

  private async watched(): Promise<Deployment | null> {
    const { cluster, name } = addressOf(this.begun);
    const { resourceVersion, uid } = this.begun.metadata;
    const known = [this.begun];
    if (this.see(this.begun)) return this.begun;
    const how = { cluster, name, resourceVersion, known, signal: this.left.signal };
    for await (const { type, object } of this.client.watch('Deployment', how)) {
      if (type === 'DELETED' || object.metadata.uid !== uid)
        throw new CliError(`${nameOf(this.begun)} was deleted; what hosts have begun goes on`, {
          exit: EXIT.notFound,
        });
      if (this.see(object)) return object;
    }
    return null;
  }

  /** Whether that is its end. */
  private see(deployment: Deployment): boolean {
    this.display.see(deployment);
    if (this.output !== null) wantAll(this.output, deployment);
    return isEnded(statusOf(deployment));
  }

  /** A second Ctrl-C while it is asked: whoever presses it wants to be gone. */
  private async interrupted(): Promise<void> {
    if (this.asking) {
      this.left.abort();
      return;
    }
    this.asking = true;
    this.display.hold();
    try {
      await this.answered(await this.context.ask(QUESTION));
    } catch (error) {
      this.context.err(`${(error as Error).message}\n`);
    } finally {
      this.asking = false;
      this.display.release();
    }
  }

  private async answered(answer: string | null): Promise<void> {
    const word = (answer ?? 'b').trim().toLowerCase().slice(0, 1);
    if (word === 'b') this.left.abort();
    if (word !== 'a') return;
    await abortDeployment(this.context, this.client, this.begun);
    this.context.err(`${nameOf(this.begun)} is to be aborted\n`);
  }
}

/** The Deployment as it ended; null: nobody watches any more, and it goes on. */
export const followed = async (
  context: CliContext,
  client: Client,
  begun: Deployment,
  quiet: boolean,
): Promise<Deployment | null> => {
  const ended = await new Following(context, client, begun, quiet).toEnd();
  if (ended === null) {
    context.err(`${nameOf(begun)} goes on; follow it: ${laterText(context, begun)}\n`);
    context.exitCode(EXIT.interrupted);
  }
  return ended;
};
