import { crc32, gzipSync } from "node:zlib";

/** One entry of a hand-made archive, so that tests can write what no honest tool would. */
export interface TestEntry {
  readonly name: string;
  readonly text?: string;
  /** In place of text. */
  readonly bytes?: Uint8Array;
  /** Unix file type and permissions in a zip; 0o120000 makes a link. */
  readonly mode?: number;
  /** In place of the true size. */
  readonly size?: number;
  /** Tar's type flag: 0 file, 2 symbolic link, 5 folder. */
  readonly type?: string;
}

/** A zip without compression. */
export function makeZip(entries: readonly TestEntry[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text = "", mode = 0o100644, size, bytes = Buffer.from(text) } of entries) {
    const nameBytes = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(size ?? bytes.length, 14);
    shared.writeUInt32LE(size ?? bytes.length, 18);
    shared.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), shared, nameBytes, bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x03", "latin1"), shared, tail, nameBytes]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...parts, central, end]));
}

/** A ustar archive, gzipped. */
export function makeTarGz(entries: readonly TestEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, text = "", type = "0", size }) => {
    const header = Buffer.alloc(512);
    const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
    header.write(name, 0);
    header.write(octal(0o644, 7), 100);
    header.write(octal(0, 7), 108);
    header.write(octal(0, 7), 116);
    header.write(octal(size ?? Buffer.byteLength(text), 11), 124);
    header.write(octal(0, 11), 136);
    header.write("        ", 148);
    header.write(type, 156);
    if (type === "2") header.write("../../outside", 157);
    header.write("ustar\x0000", 257, "latin1");
    header.write(
      `${octal(
        header.reduce((sum, byte) => sum + byte, 0),
        6,
      )} `,
      148,
    );
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [header, body];
  });
  return new Uint8Array(gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
}
