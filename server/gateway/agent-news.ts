/** What people are to read of an agent's updates, pure: each is told once, when its host connects with it. */
import type { StatusOf } from '../../api-types/kinds.js';

type Spoken = NonNullable<StatusOf<'Instance'>['agent']>;

export interface News {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface BuildWords {
  readonly build: string | null;
  readonly gaveUp: string | null;
}

/** `last`: what the record says of the agent on this machine; empty when it never spoke. */
export const newsOf = ({ build, gaveUp }: BuildWords, last: Partial<Spoken>): readonly News[] => {
  const news: News[] = [];
  if (last.build !== undefined && build !== null && build !== last.build)
    news.push({
      type: 'Normal',
      reason: 'AgentUpdated',
      message: `the agent is ${build} now; it was ${last.build}`,
    });
  if (gaveUp !== null && gaveUp !== last.gaveUp)
    news.push({
      type: 'Warning',
      reason: 'AgentWentBack',
      message: `the agent ${gaveUp} did not come up: the host went back to ${build ?? 'the one before'}`,
    });
  return news;
};
