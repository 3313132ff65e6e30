/**
 * What a command prints, as lines for people: printable, secrets masked, each bounded. However much it is, the beginning
 * goes to the log while the command runs, the end is kept, and the rest is counted.
 */
import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut. */
const LINE_CHARACTERS = 2_000;
/** So much of a line is looked at: a secret at the cut is masked whole. */
const LOOKED_AT = 4 * LINE_CHARACTERS;
/** Of one command, to the log; then only its end. */
const LOGGED_CHARACTERS = 128 * 1024;
const LAST_LINES = 20;
/** Of the last lines in a failure, which travels in one message. */
const LAST_CHARACTERS = 3_000;

const COLOURS = /\x1b\[[0-9;?]*[A-Za-z]/g;
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;

const escaped = (character: string): string =>
  `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;

/** Colours are dropped, other control characters are shown as `\x07`. */
export const printable = (text: string): string => text.replace(COLOURS, '').replace(UNPRINTABLE, escaped);

/** Makes lines of what one stream says; of an endless line the beginning. */
class Lines {
  private readonly decoder = new StringDecoder('utf8');
  private begun = '';

  constructor(private readonly heard: (line: string) => void) {}

  add(chunk: Buffer): void {
    const parts = (this.begun + this.decoder.write(chunk)).split(/\r?\n|\r(?!$)/);
    this.begun = (parts.pop() ?? '').slice(0, LOOKED_AT);
    for (const part of parts) this.heard(part.slice(0, LOOKED_AT));
  }

  end(): void {
    if (this.begun !== '') this.heard(this.begun);
    this.begun = '';
  }
}

export interface Listener {
  /** Takes the secrets out of a text. */
  readonly mask?: (text: string) => string;
  /** Hears each line while the command runs. */
  readonly say?: (line: string) => void;
}

/** Of one command: hand each chunk of both its streams to `stream()`s, then `end()`. */
export class Output {
  private readonly streams: Lines[] = [];
  private last: string[] = [];
  private logged = 0;
  private leftOut = 0;

  constructor(private readonly listener: Listener = {}) {}

  stream(): (chunk: Buffer) => void {
    const lines = new Lines((line) => {
      this.hear(line);
    });
    this.streams.push(lines);
    return (chunk) => {
      lines.add(chunk);
    };
  }

  /** What was left out of the log is counted, and its end said. */
  end(): void {
    for (const stream of this.streams) stream.end();
    const { say } = this.listener;
    if (this.leftOut === 0 || say === undefined) return;
    const shown = Math.min(this.leftOut, this.last.length);
    say(`[${String(this.leftOut - shown)} lines left out]`);
    for (const line of this.last.slice(-shown)) say(this.shown(line));
  }

  /** The last lines of both streams. */
  text(): string {
    const lines = this.last.map((line) => this.shown(line));
    return lines.join('\n').trimEnd().slice(-LAST_CHARACTERS);
  }

  private shown(line: string): string {
    const { mask } = this.listener;
    const text = printable(mask === undefined ? line : mask(line));
    return text.slice(0, LINE_CHARACTERS);
  }

  private hear(line: string): void {
    this.last.push(line);
    if (this.last.length > LAST_LINES) this.last.shift();
    const { say } = this.listener;
    if (say === undefined) return;
    // the first that is too much ends it: a log with holes tells less than one with an end
    if (this.leftOut > 0 || this.logged + line.length > LOGGED_CHARACTERS) this.leftOut += 1;
    else {
      this.logged += line.length + 1;
      say(this.shown(line));
    }
  }
}
