import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";

const [deflateAsync, inflateAsync] = [promisify(deflate), promisify(inflate)];

/** Rows that are finished, `bytes` as they were appended. */
export interface RowRecord {
  readonly row: number;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Finished rows of a map in one file, each record with a checksum, so that a kill at any moment costs one of them. */
export interface RowJournal {
  /** The first row that isn't there. */
  readonly nextRow: number;
  append(record: RowRecord): Promise<void>;
  /** All rows from the first. */
  records(): AsyncGenerator<RowRecord>;
  close(): Promise<void>;
}

/** Row, rows and length as 32 bits each, then the SHA-256 of these and of the deflated bytes. */
const NUMBER_BYTES = 12;
const HEADER_BYTES = NUMBER_BYTES + 32;
/** Scores are smooth; higher levels cost more time than they save. */
const LEVEL = 1;

/** Opens a journal or begins one. What follows the last whole record is cut off. */
export async function openRowJournal(path: string): Promise<RowJournal> {
  const file = await open(path, "a+");
  const { size } = await file.stat();
  let nextRow = 0;
  let end = 0;
  for (;;) {
    const found = await readRecord(file, end, size);
    if (found?.row !== nextRow) break;
    nextRow += found.rows;
    end = found.end;
  }
  await file.truncate(end);

  return {
    get nextRow() {
      return nextRow;
    },
    async append({ row, rows, bytes }) {
      const deflated = await deflateAsync(bytes, { level: LEVEL });
      const numbers = Buffer.alloc(NUMBER_BYTES);
      numbers.writeUInt32LE(row, 0);
      numbers.writeUInt32LE(rows, 4);
      numbers.writeUInt32LE(deflated.length, 8);
      await file.appendFile(Buffer.concat([numbers, digest(numbers, deflated), deflated]));
      nextRow = row + rows;
      end += HEADER_BYTES + deflated.length;
    },
    async *records() {
      for (let at = 0; at < end; ) {
        const found = await readRecord(file, at, end);
        if (!found)
          throw new Error(`${path}: expected the rows that were written at ${at}, got others. The disk is damaged.`);
        yield { row: found.row, rows: found.rows, bytes: new Uint8Array(await inflateAsync(found.deflated)) };
        at = found.end;
      }
    },
    close: () => file.close(),
  };
}

/** Reads the record at a place; undefined if there is no whole one before `size`. */
async function readRecord(
  file: FileHandle,
  at: number,
  size: number,
): Promise<{ row: number; rows: number; deflated: Buffer; end: number } | undefined> {
  if (at + HEADER_BYTES > size) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  await file.read(header, 0, HEADER_BYTES, at);
  const length = header.readUInt32LE(8);
  const end = at + HEADER_BYTES + length;
  if (end > size) return undefined;
  const deflated = Buffer.alloc(length);
  await file.read(deflated, 0, length, at + HEADER_BYTES);
  const numbers = header.subarray(0, NUMBER_BYTES);
  if (!digest(numbers, deflated).equals(header.subarray(NUMBER_BYTES))) return undefined;
  return { row: header.readUInt32LE(0), rows: header.readUInt32LE(4), deflated, end };
}

function digest(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
