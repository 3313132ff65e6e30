/** What is in an archive, as tar and unzip list it: judged line by line, before anything is unpacked. */
import { statfs } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

export type Packing = 'tar' | 'zip';

/** The names in it and how large they are, a line each; of a zip the sum in the last line. */
export const listCommand = (kind: Packing, file: string): readonly string[] =>
  kind === 'zip'
    ? ['unzip', '-Z', '-2', '-t', file]
    : [
        'tar',
        '--list',
        '--verbose',
        '--numeric-owner',
        '--absolute-names',
        '--quoting-style=escape',
        '--file',
        file,
      ];

const MOST_ENTRIES = 1_000_000;

/** So much of a disk stays free whatever is unpacked. */
const RESERVE = 0.02;

/** Bytes that may be written on the disk of a folder; below zero: it is too full already. */
export const roomIn = async (folder: string): Promise<number> => {
  const { bavail, blocks, bsize } = await statfs(folder);
  return (bavail - blocks * RESERVE) * bsize;
};

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly bytes: number;
}

const TAR_LINE = /^(\S)\S* +\S+ +(?:(\d+)|\d+,\d+) +-?\d+-\d\d-\d\d \d\d:\d\d (.*)$/;

const tarEntry = (line: string): Entry | null => {
  const [, kind, bytes = '0', rest = ''] = TAR_LINE.exec(line) ?? [];
  if (kind === undefined) return null;
  const [name = ''] = kind === 'l' ? rest.split(' -> ') : kind === 'h' ? rest.split(' link to ') : [rest];
  return { kind, name, bytes: kind === '-' ? Number(bytes) : 0 };
};

const ZIP_SUM = /^\d+ files?, (\d+) bytes uncompressed, /;

const zipEntry = (line: string): Entry => {
  const bytes = ZIP_SUM.exec(line)?.[1];
  return bytes === undefined
    ? { kind: '-', name: line, bytes: 0 }
    : { kind: 'sum', name: '', bytes: Number(bytes) };
};

const ENTRY: Readonly<Record<Packing, (line: string) => Entry | null>> = { tar: tarEntry, zip: zipEntry };

/** True of a name that would be written outside. */
export const climbs = (name: string): boolean =>
  name.startsWith('/') || name.split('/').includes('..') || name.includes('\0');

export class Listing {
  private readonly decoder = new StringDecoder('utf8');
  private begun = '';
  private entries = 0;
  private bytes = 0;
  private problem: string | null = null;

  /** `room`: bytes that it may take. */
  constructor(
    private readonly kind: Packing,
    private readonly room: number,
  ) {}

  /** `folder`: on the disk that it is for. */
  static async open(kind: Packing, folder: string): Promise<Listing> {
    return new Listing(kind, await roomIn(folder));
  }

  /** For people: what is wrong with it so far; null: nothing. */
  add(chunk: Buffer): string | null {
    this.hear(this.decoder.write(chunk));
    return this.problem;
  }

  end(): string | null {
    this.hear(this.begun === '' ? '' : '\n');
    return this.problem;
  }

  private hear(text: string): void {
    if (this.problem !== null) return;
    const lines = (this.begun + text).split('\n');
    this.begun = lines.pop() ?? '';
    for (const line of lines) this.problem ??= this.wrongWith(line);
  }

  private wrongWith(line: string): string | null {
    const entry = ENTRY[this.kind](line);
    if (entry === null) return `what is in it cannot be told: "${line}"`;
    this.entries += 1;
    this.bytes += entry.bytes;
    if (climbs(entry.name)) return `the name "${entry.name}" in it leads out of it`;
    if (entry.kind === 'b' || entry.kind === 'c') return `"${entry.name}" in it is a device`;
    if (this.entries > MOST_ENTRIES) return `there are more than ${String(MOST_ENTRIES)} files in it`;
    if (this.bytes > this.room)
      return `it unpacks to ${String(this.bytes)} bytes or more, and the disk has room for ${String(Math.max(0, Math.floor(this.room)))}`;
    return null;
  }
}
