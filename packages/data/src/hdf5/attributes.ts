import { toStoredValues } from "../arrays/stored-dtype.js";
import type { AttributeValue } from "../arrays/stored-variable.js";
import { readBtree2 } from "./btree2.js";
import { parseDataspace } from "./dataset-messages.js";
import { type Datatype, parseDatatype } from "./datatype.js";
import { Fields } from "./fields.js";
import { openFractalHeap } from "./fractal-heap.js";
import { readHeapObject } from "./global-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import { type HeaderMessage, MESSAGE, resolveShared } from "./object-header.js";

/** Attributes of an object: those that the interface can hold, and lists of references (dimensions, by address). */
export interface Hdf5Attributes {
  readonly values: Readonly<Record<string, AttributeValue>>;
  readonly references: Readonly<Record<string, readonly number[]>>;
}

const MAX_ATTRIBUTE_VALUES = 2 ** 20;

/** Reads an object's attributes from its header and, where there are many, from its heap. */
export async function readAttributes(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Hdf5Attributes> {
  const values: Record<string, AttributeValue> = {};
  const references: Record<string, readonly number[]> = {};
  const add = async (data: Uint8Array): Promise<void> => {
    const { name, datatype, count, bytes } = await parseAttribute(file, data);
    if (datatype.kind === "number") {
      const numbers = [...toStoredValues(bytes.slice(), datatype.dtype, datatype.littleEndian)];
      values[name] = count === 1 ? (numbers[0] as number) : numbers;
    } else if (datatype.kind === "string" || (datatype.kind === "list" && datatype.isText))
      values[name] = (await readTexts(file, datatype, count, bytes)).join(", ");
    else if (datatype.kind === "list" && datatype.base.kind === "reference")
      references[name] = await readFirstReferences(file, datatype, count, bytes);
  };
  for (const message of messages) {
    if (message.type === MESSAGE.attribute)
      await add(message.shared ? await resolveShared(file, message.data, MESSAGE.attribute) : message.data);
    if (message.type !== MESSAGE.attributeInfo) continue;
    const fields = new Fields(file.uri, "attribute info", message.data, file.sizes);
    fields.skip(1);
    fields.skip(fields.uint8() & 1 ? 2 : 0);
    const heapAddress = fields.address();
    const names = fields.address();
    if (heapAddress === Infinity) continue;
    const heap = await openFractalHeap(file, heapAddress);
    for (const record of (await readBtree2(file, names)).records) await add(await heap(record.subarray(0, 8)));
  }
  return { values, references };
}

/** Source: HDF5 File Format Specification 3.0, section IV.A.2.m. */
async function parseAttribute(
  file: Hdf5File,
  data: Uint8Array,
): Promise<{ name: string; datatype: Datatype; count: number; bytes: Uint8Array }> {
  const fields = new Fields(file.uri, "attribute", data, file.sizes);
  const version = fields.uint8();
  if (version < 1 || version > 3) throw fields.broken("an attribute of version 1 to 3", `version ${version}`);
  const flags = fields.uint8();
  const sizes = [fields.uint16(), fields.uint16(), fields.uint16()];
  fields.skip(version === 3 ? 1 : 0);
  const [nameBytes, typeBytes, spaceBytes] = sizes.map((size) => (version === 1 ? Math.ceil(size / 8) * 8 : size));
  const name = fields.text(nameBytes as number);
  const ownType = fields.take(typeBytes as number);
  const typeMessage = version > 1 && flags & 1 ? await resolveShared(file, ownType, MESSAGE.datatype) : ownType;
  const datatype = parseDatatype(new Fields(file.uri, `datatype of attribute '${name}'`, typeMessage, file.sizes));
  const space = fields.take(spaceBytes as number);
  const shape = parseDataspace(new Fields(file.uri, `dataspace of attribute '${name}'`, space, file.sizes));
  const count = shape === undefined ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!(count <= MAX_ATTRIBUTE_VALUES))
    throw fields.broken(`at most ${MAX_ATTRIBUTE_VALUES} values in attribute '${name}'`, `${count}`);
  return { name, datatype, count, bytes: fields.take(count * datatype.bytes) };
}

async function readTexts(file: Hdf5File, datatype: Datatype, count: number, bytes: Uint8Array): Promise<string[]> {
  const fields = new Fields(file.uri, "text attribute", bytes, file.sizes);
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    if (datatype.kind === "string") texts.push(fields.text(datatype.bytes));
    else {
      const length = fields.uint32();
      const address = fields.address();
      const object = fields.uint32();
      const text = length === 0 ? undefined : await readHeapObject(file, address, object);
      texts.push(text === undefined ? "" : Buffer.from(text.subarray(0, length)).toString("utf8").replace(/\0+$/, ""));
    }
  }
  return texts;
}

/** The first object that each list of references names: for DIMENSION_LIST, each dimension's scale. */
async function readFirstReferences(
  file: Hdf5File,
  datatype: Datatype,
  count: number,
  bytes: Uint8Array,
): Promise<number[]> {
  const addresses: number[] = [];
  for (let index = 0; index < count; index++) {
    const element = bytes.subarray(index * datatype.bytes, (index + 1) * datatype.bytes);
    const fields = new Fields(file.uri, "list of references", element, file.sizes);
    const length = fields.uint32();
    const address = fields.address();
    const object = fields.uint32();
    if (length === 0) addresses.push(Infinity);
    else {
      const list = await readHeapObject(file, address, object);
      addresses.push(new Fields(file.uri, "reference", list, file.sizes).address());
    }
  }
  return addresses;
}
