/** Looks at the lines of an output as it comes, of any length and amount. */
import { StringDecoder } from 'node:string_decoder';

/** Nothing that is looked for is in a longer line. */
const LONGEST = 4_000;

/** Takes chunks; hears each whole line. */
export const lineScanner = (heard: (line: string) => void): ((chunk: Buffer) => void) => {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  return (chunk) => {
    const lines = (begun + decoder.write(chunk)).split(/\r?\n/);
    begun = (lines.pop() ?? '').slice(0, LONGEST);
    for (const line of lines) heard(line.slice(0, LONGEST));
  };
};
