/** What an endpoint is and can do, found without launching anything (docs/adr/0005-client-token-probe.md). */
import {
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  type Filter,
  type Image,
} from '@aws-sdk/client-ec2';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { hex, type Chance } from '../../runtime/chance.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { Capabilities } from '../cloud.js';
import type { Caller } from './client.js';
import { statusOf } from './errors.js';
import type { Quirks } from './quirks.js';
import { describePage } from './reading.js';

const zonesOf =
  (caller: Caller): TaskEither<Failure, readonly string[]> =>
  async () => {
    const result = await caller.call('DescribeAvailabilityZones', {}, ({ client, http }) =>
      client.send(new DescribeAvailabilityZonesCommand({}), http),
    )();
    if (E.isLeft(result)) return result;
    const zones = (result.right.AvailabilityZones ?? [])
      .filter(
        ({ State, ZoneType }) =>
          State === 'available' && (ZoneType ?? 'availability-zone') === 'availability-zone',
      )
      .flatMap(({ ZoneName }) => ZoneName ?? [])
      .sort();
    return zones.length > 0
      ? E.right(zones)
      : E.left(transient('CloudUnavailable', `${caller.endpoint} has no available zone`));
  };

const launchable = (image: Image): boolean =>
  (image.State ?? 'available') === 'available' && (image.ImageType ?? 'machine') === 'machine';

const newest = (images: readonly Image[]): string | null => {
  const [first] = images
    .filter(launchable)
    .sort((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''));
  return first?.ImageId ?? null;
};

const imageAmong =
  (
    caller: Caller,
    owners: readonly string[],
    filters: readonly Filter[],
  ): TaskEither<Failure, string | null> =>
  async () => {
    const input = { Owners: [...owners], Filters: [...filters] };
    const result = await caller.call('DescribeImages', {}, ({ client, http }) =>
      client.send(new DescribeImagesCommand(input), http),
    )();
    if (E.isRight(result)) return E.right(newest(result.right.Images ?? []));
    // an endpoint without image listings is still good for those who name their image
    return result.left._tag === 'Stalled' && result.left.reason === 'BadParameter' ? E.right(null) : result;
  };

const imageOf =
  (caller: Caller, quirks: Quirks): TaskEither<Failure, string | null> =>
  async () => {
    for (const { owners, filters } of quirks.images ?? [{ owners: [], filters: [] }]) {
      const found = await imageAmong(caller, owners, filters)();
      if (E.isLeft(found) || found.right !== null) return found;
    }
    return E.right(null);
  };

type Reply = 'accepted' | 'refused';

/** An answered error is a refusal; no answer, a throttle or bad credentials say nothing about the filter. */
const replyTo =
  (caller: Caller, filter: Filter): TaskEither<Failure, Reply> =>
  async () => {
    const result = await describePage(caller, { Filters: [filter], MaxResults: 5 })();
    if (E.isRight(result)) return E.right(result.right.items.length === 0 ? 'accepted' : 'refused');
    const { left } = result;
    if (left.reason === 'BadParameter') return E.right('refused');
    const status = 'cause' in left ? statusOf(left.cause) : null;
    return left.reason === 'CloudUnavailable' && (status === 500 || status === 501)
      ? E.right('refused')
      : result;
  };

/**
 * An endpoint that keeps client tokens can be asked for the instances of one. That it accepts the filter proves
 * nothing where it accepts any filter, so one that no endpoint has must be refused.
 */
const honoursTokens =
  (caller: Caller, chance: Chance): TaskEither<Failure, boolean> =>
  async () => {
    const nonsense = await replyTo(caller, { Name: 'scalarium-no-such-filter', Values: ['x'] })();
    if (E.isLeft(nonsense)) return nonsense;
    if (nonsense.right === 'accepted') return E.right(false);
    const token = await replyTo(caller, { Name: 'client-token', Values: [hex(chance, 16)] })();
    return E.isLeft(token) ? token : E.right(token.right === 'accepted');
  };

/** Zones, default image, and whether a repeated token launches nothing more. */
export const probe =
  (caller: Caller, quirks: Quirks, chance: Chance): TaskEither<Failure, Capabilities> =>
  async () => {
    const zones = await zonesOf(caller)();
    if (E.isLeft(zones)) return zones;
    const image = await imageOf(caller, quirks)();
    if (E.isLeft(image)) return image;
    const tokens =
      quirks.honoursClientTokens === null
        ? await honoursTokens(caller, chance)()
        : E.right(quirks.honoursClientTokens);
    if (E.isLeft(tokens)) return tokens;
    return E.right({
      zones: zones.right,
      defaultImageId: image.right,
      honoursClientTokens: tokens.right,
    });
  };
