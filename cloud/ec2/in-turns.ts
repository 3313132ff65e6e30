/**
 * Reads long answers in turns. The SDK reads an answer in one go, which for a page of 1,000 instances is a tenth of a
 * second in which nobody else is served; so it is given the page in pieces, one a turn.
 */
import {
  type DescribeInstancesCommandOutput,
  DescribeInstancesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { turn } from '../../runtime/turns.js';
import { piecesOf } from './pieces.js';

/** Instances that are read at a stretch. */
const AT_ONCE = 25;
/** Shorter answers are read as they are. */
const LONG = 64 * 1024;

interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: unknown;
}

const isResponse = (response: unknown): response is Response =>
  typeof response === 'object' && response !== null && 'statusCode' in response && 'body' in response;

const bytesOf = async (body: unknown): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const joined = (outputs: readonly DescribeInstancesCommandOutput[]): DescribeInstancesCommandOutput => {
  const [first] = outputs;
  if (first === undefined) throw new Error('an answer has at least one piece');
  return { ...first, Reservations: outputs.flatMap(({ Reservations }) => Reservations ?? []) };
};

/** One request on its way through the client's stack: pieces of its answer that are still to be read. */
interface Reading {
  readonly pieces: Buffer[];
  readonly response: Response;
}

/** Makes DescribeInstances of this client read in turns. */
export const readInTurns = (client: EC2Client): void => {
  const readings = new WeakMap<object, Reading>();
  // outside of the SDK's reader: asks it again while there are pieces
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== DescribeInstancesCommand.name) return next(args);
      const result = await next(args);
      const outputs = [result.output as DescribeInstancesCommandOutput];
      while ((readings.get(args)?.pieces.length ?? 0) > 0) {
        await turn();
        outputs.push((await next(args)).output as DescribeInstancesCommandOutput);
      }
      return outputs.length === 1 ? result : { ...result, output: joined(outputs) };
    },
    { step: 'deserialize', priority: 'high', name: 'askForPieces' },
  );
  // inside of it: gives the answer of the endpoint the first time, then the pieces of that one
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== DescribeInstancesCommand.name) return next(args);
      const known = readings.get(args);
      const piece = known?.pieces.shift();
      if (known !== undefined && piece !== undefined)
        return { response: { ...known.response, headers: { ...known.response.headers }, body: piece } };
      const answer = await next(args);
      const { response } = answer;
      if (!isResponse(response) || response.statusCode !== 200) return answer;
      const bytes = await bytesOf(response.body);
      const [first, ...pieces] =
        bytes.length < LONG ? [bytes] : piecesOf(bytes.toString(), AT_ONCE).map((text) => Buffer.from(text));
      readings.set(args, { pieces, response });
      response.body = first;
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'giveInPieces' },
  );
};
