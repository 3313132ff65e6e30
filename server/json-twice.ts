/** Fields that a JSON text gives twice: JSON.parse takes the last one and says nothing. */

/** Told of one text. */
const MOST = 10;

/** Where the string that begins at `start` ends: at its closing quote. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
};

const meant = (quoted: string): string =>
  quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);

/** Follows a JSON text, however deep: nothing here recurses. */
class Reading {
  readonly twice: string[] = [];
  /** The keys of each object that is open; null: a list. */
  private readonly open: (Set<string> | null)[] = [];
  private keyComes = false;

  private readonly marks: ReadonlyMap<string, () => void> = new Map([
    [
      '{',
      () => {
        this.enter(new Set());
      },
    ],
    [
      '[',
      () => {
        this.enter(null);
      },
    ],
    ['}', () => this.open.pop()],
    [']', () => this.open.pop()],
    [',', () => (this.keyComes = this.open.at(-1) instanceof Set)],
  ]);

  mark(letter: string): void {
    this.marks.get(letter)?.();
  }

  string(quoted: string): void {
    const keys = this.open.at(-1);
    if (this.keyComes && keys instanceof Set) this.take(keys, meant(quoted));
    this.keyComes = false;
  }

  private enter(keys: Set<string> | null): void {
    this.open.push(keys);
    this.keyComes = keys !== null;
  }

  private take(keys: Set<string>, key: string): void {
    if (keys.has(key)) this.twice.push(key);
    keys.add(key);
  }
}

/** The first few keys that an object of the text has twice. `text` is JSON. */
export const givenTwice = (text: string): readonly string[] => {
  const reading = new Reading();
  for (let at = 0; at < text.length && reading.twice.length < MOST; at += 1) {
    const letter = text.charAt(at);
    if (letter === '"') {
      const end = endOfString(text, at);
      reading.string(text.slice(at, end + 1));
      at = end;
    } else reading.mark(letter);
  }
  return reading.twice;
};
