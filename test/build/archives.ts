/** Archives with whatever names in them, as no tar or zip would make them. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync, gzipSync } from 'node:zlib';

export interface Packed {
  readonly name: string;
  readonly text?: string;
  /** A symbolic link to it. */
  readonly link?: string;
  /** A device. */
  readonly device?: boolean;
  /** What it says to be in bytes, where that is not so. */
  readonly claims?: number;
}

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;

const tarKind = ({ link, device, name }: Packed): string => {
  if (device === true) return '3';
  if (link !== undefined) return '2';
  return name.endsWith('/') ? '5' : '0';
};

const tarEntry = (entry: Packed): Buffer => {
  const body = Buffer.from(entry.text ?? '');
  const header = Buffer.alloc(512);
  const put = (text: string, at: number): void => {
    header.write(text, at, 'latin1');
  };
  put(entry.name, 0);
  put(octal(0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(entry.claims ?? body.length, 12), 124);
  put(octal(1_000_000_000, 12), 136);
  put('        ', 148);
  put(tarKind(entry), 156);
  put(entry.link ?? '', 157);
  put('ustar\x0000', 257);
  put(octal(1, 8), 329);
  put(octal(3, 8), 337);
  put(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
};

/** A tar, compressed by gzip. */
export const tarOf = (...entries: readonly Packed[]): Buffer =>
  gzipSync(Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]));

/** Node 20 has none. */
const crc32 = (data: Buffer): number => {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
};

const LINK = 0o120777;
const FILE = 0o100644;

const zipEntry = (entry: Packed, at: number): { readonly local: Buffer; readonly central: Buffer } => {
  const body = Buffer.from(entry.link ?? entry.text ?? '');
  const packed = deflateRawSync(body);
  const name = Buffer.from(entry.name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt16LE(0x21, 8);
  common.writeUInt32LE(crc32(body), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(entry.claims ?? body.length, 18);
  common.writeUInt16LE(name.length, 22);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((entry.link === undefined ? FILE : LINK) << 16) >>> 0, 6);
  tail.writeUInt32LE(at, 10);
  return {
    local: Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed]),
    central: Buffer.concat([Buffer.from('PK\x01\x02\x1e\x03'), common, tail, name]),
  };
};

export const zipOf = (...entries: readonly Packed[]): Buffer => {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { local, central } = zipEntry(entry, at);
    locals.push(local);
    centrals.push(central);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
};

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

export interface FileServer {
  readonly url: string;
  close(): void;
}

/** Serves one answer for whatever it is asked. */
export const served = (data: () => Buffer): Promise<FileServer> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      if (request.url === '/none') response.writeHead(404).end();
      else response.end(data());
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${String(port)}/`,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
