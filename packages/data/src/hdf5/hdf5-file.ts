import { FormatError } from "@graticule/core";
import { makePagedSource } from "../arrays/paged-source.js";
import type { ByteSource } from "../sources/byte-source.js";
import { type FieldSizes, Fields } from "./fields.js";

/** An HDF5 file's frame: how wide its addresses are, what they count from, and where its root group is. */
export interface Hdf5File {
  readonly uri: string;
  readonly sizes: FieldSizes;
  readonly rootAddress: number;
  /** The bytes of data, read as they are. */
  readonly data: ByteSource;
  readonly baseAddress: number;
  /** Reads the fields of a structure of metadata at an address. */
  fields(address: number, length: number, what: string): Promise<Fields>;
  /** Reads fields of a structure whose length is not known yet: at most `length` bytes. */
  fieldsUpTo(address: number, length: number, what: string): Promise<Fields>;
}

const SIGNATURE = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");
const LARGEST_METADATA_BYTES = 2 ** 26;
const SUPERBLOCK_BYTES = 96;
const LEAST_SUPERBLOCK_BYTES = 32;

/**
 * Finds the superblock, at 0 or at 512 and its doublings, after what a user may have put before it.
 *
 * @returns undefined if there is none.
 */
export async function findSuperblock(source: ByteSource): Promise<number | undefined> {
  for (let offset = 0; offset + SIGNATURE.length <= source.size; offset = offset === 0 ? 512 : 2 * offset) {
    const bytes = await source.read(offset, SIGNATURE.length, "the HDF5 signature");
    if (SIGNATURE.equals(bytes)) return offset;
    if (offset >= 2 ** 16) break;
  }
  return undefined;
}

/**
 * Reads the superblock at `offset`.
 *
 * Source: HDF5 File Format Specification 3.0, section II.A.
 *
 * @throws {FormatError} if it is broken, or of a version yet unknown.
 */
export async function openHdf5File(source: ByteSource, offset: number): Promise<Hdf5File> {
  const { uri } = source;
  const metadata = makePagedSource(source);
  const bytes = await metadata.read(
    offset,
    Math.max(LEAST_SUPERBLOCK_BYTES, Math.min(SUPERBLOCK_BYTES, source.size - offset)),
    "the HDF5 superblock",
  );
  const version = bytes[8] as number;
  if (version > 3)
    throw new FormatError(uri, "an HDF5 superblock of version 0 to 3", `version ${version}`, "The file is corrupt.");
  const old = version < 2;
  const sizes = { addressBytes: bytes[old ? 13 : 9] as number, lengthBytes: bytes[old ? 14 : 10] as number };
  if (![2, 4, 8].includes(sizes.addressBytes) || ![2, 4, 8].includes(sizes.lengthBytes))
    throw new FormatError(
      uri,
      "HDF5 addresses and lengths of 2, 4 or 8 bytes",
      `${sizes.addressBytes} and ${sizes.lengthBytes}`,
      "The file is corrupt.",
    );
  const fields = new Fields(uri, "superblock", bytes, sizes, old ? (version === 0 ? 24 : 28) : 12);
  const baseAddress = fields.address();
  // Old: free space, end of file, driver, then the root's name. New: extension and end of file.
  for (let skipped = 0; skipped < (old ? 4 : 2); skipped++) fields.address();
  const rootAddress = fields.address();

  const at = (address: number): number => address + baseAddress;
  async function readFields(address: number, length: number, what: string): Promise<Fields> {
    if (length > LARGEST_METADATA_BYTES)
      throw new FormatError(
        uri,
        `an HDF5 ${what} of at most ${LARGEST_METADATA_BYTES} bytes`,
        `${length}`,
        "The file is corrupt.",
      );
    return new Fields(uri, what, await metadata.read(at(address), length, `an HDF5 ${what}`), sizes);
  }
  return {
    uri,
    sizes,
    rootAddress,
    data: source,
    baseAddress,
    fields: readFields,
    fieldsUpTo: (address, length, what) =>
      readFields(address, Math.max(0, Math.min(length, source.size - at(address))), what),
  };
}
