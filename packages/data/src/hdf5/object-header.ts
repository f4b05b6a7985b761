import { FormatError } from "@graticule/core";
import { Fields } from "./fields.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Types of header messages that the reader uses. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillValue: 0x05,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

export interface HeaderMessage {
  readonly type: number;
  /** The message is kept elsewhere; `data` says where. */
  readonly shared: boolean;
  readonly data: Uint8Array;
}

const MAX_BLOCKS = 4096;

/**
 * Reads all messages of an object's header, in both of its versions, through its continuations.
 *
 * Source: HDF5 File Format Specification 3.0, section IV.A.1.
 */
export async function readObjectHeader(file: Hdf5File, address: number): Promise<HeaderMessage[]> {
  const start = await file.fieldsUpTo(address, 32, "object header");
  const isNew = start.left >= 4 && Buffer.from(start.take(4)).toString("latin1") === "OHDR";
  const messages: HeaderMessage[] = [];
  const blocks: [address: number, length: number][] = [];
  let hasOrder = false;
  if (isNew) {
    const version = start.uint8();
    if (version !== 2) throw start.broken("version 2", `version ${version}`);
    const flags = start.uint8();
    hasOrder = (flags & 0x04) !== 0;
    start.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
    const length = start.uint(1 << (flags & 3));
    blocks.push([address + start.at, length]);
  } else {
    start.at = 0;
    const version = start.uint8();
    if (version !== 1) throw start.broken("version 1 or the signature 'OHDR'", `version ${version}`);
    start.skip(7);
    blocks.push([address + 16, start.uint32()]);
  }
  for (let number = 0; number < blocks.length; number++) {
    if (number >= MAX_BLOCKS)
      throw new FormatError(
        file.uri,
        `at most ${MAX_BLOCKS} blocks in an HDF5 object header`,
        "more",
        "The file is corrupt.",
      );
    const [at, length] = blocks[number] as [number, number];
    const fields = await file.fields(at, length, "object header");
    let end = length;
    if (isNew && number > 0) {
      fields.signature("OCHK");
      end -= 4; // the checksum
    }
    const prefix = isNew ? (hasOrder ? 6 : 4) : 8;
    while (fields.at + prefix <= end) {
      const type = isNew ? fields.uint8() : fields.uint16();
      const size = fields.uint16();
      const flags = fields.uint8();
      fields.skip(prefix - (isNew ? 4 : 5));
      const data = fields.take(size);
      if (type === MESSAGE.continuation) {
        const place = new Fields(file.uri, "object header continuation", data, file.sizes);
        blocks.push([place.address(), place.length()]);
      } else messages.push({ type, shared: (flags & 0x02) !== 0, data });
    }
  }
  return messages;
}

/** The first message of a type, fetched from the other header that a shared one points to. */
export async function findMessage(
  file: Hdf5File,
  messages: readonly HeaderMessage[],
  type: number,
): Promise<Uint8Array | undefined> {
  const message = messages.find((candidate) => candidate.type === type);
  if (!message?.shared) return message?.data;
  return resolveShared(file, message.data, type);
}

/** Follows a shared message: a committed datatype, mostly. */
export async function resolveShared(file: Hdf5File, data: Uint8Array, type: number): Promise<Uint8Array> {
  const fields = new Fields(file.uri, "shared message", data, file.sizes);
  const version = fields.uint8();
  const kind = fields.uint8();
  if (version === 3 && kind === 1)
    throw fields.broken("messages in object headers", "a table of shared messages, which is not supported");
  if (version === 1) fields.skip(6);
  const target = await readObjectHeader(file, fields.address());
  const found = target.find((message) => message.type === type && !message.shared);
  if (found === undefined) throw fields.broken("the message that it points to", "none there");
  return found.data;
}
