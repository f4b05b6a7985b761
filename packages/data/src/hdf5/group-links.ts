import { readBtree2 } from "./btree2.js";
import { Fields } from "./fields.js";
import { openFractalHeap } from "./fractal-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import { type HeaderMessage, MESSAGE } from "./object-header.js";

/** A hard link of a group: a name and the address of the object's header. */
export interface Link {
  readonly name: string;
  readonly address: number;
}

const MAX_LINKS = 2 ** 16;

/** Reads the links of a group, in whichever of HDF5's three ways it keeps them. Soft and external links are left out. */
export async function readLinks(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Link[]> {
  const links: (Link & { readonly order: number })[] = [];
  const add = (data: Uint8Array): void => {
    const link = parseLink(new Fields(file.uri, "link", data, file.sizes), links.length);
    if (link !== undefined) links.push(link);
  };
  for (const { type, data } of messages) {
    const fields = new Fields(file.uri, "group", data, file.sizes);
    if (type === MESSAGE.link) add(data);
    if (type === MESSAGE.symbolTable) {
      const table = await readSymbolTable(file, fields.address(), fields.address());
      links.push(...table.map((link, order) => ({ ...link, order })));
    }
    if (type === MESSAGE.linkInfo) {
      fields.skip(1);
      fields.skip(fields.uint8() & 1 ? 8 : 0);
      const heapAddress = fields.address();
      const names = fields.address();
      if (heapAddress === Infinity) continue;
      const heap = await openFractalHeap(file, heapAddress);
      // Records by name: a hash, then the heap's ID.
      for (const record of (await readBtree2(file, names)).records) add(await heap(record.subarray(4)));
    }
    if (links.length > MAX_LINKS) throw fields.broken(`at most ${MAX_LINKS} links`, "more");
  }
  return links.sort((a, b) => a.order - b.order);
}

/** Source: HDF5 File Format Specification 3.0, section IV.A.2.g. */
function parseLink(fields: Fields, place: number): (Link & { order: number }) | undefined {
  const version = fields.uint8();
  if (version !== 1) throw fields.broken("a link of version 1", `version ${version}`);
  const flags = fields.uint8();
  const kind = flags & 8 ? fields.uint8() : 0;
  const order = flags & 4 ? fields.uint(8) : place;
  fields.skip(flags & 16 ? 1 : 0);
  const name = fields.text(fields.uint(1 << (flags & 3)));
  return kind === 0 ? { name, address: fields.address(), order } : undefined;
}

/** Reads an old group: a B-tree of symbol nodes, with names in a local heap. Source: sections III.A.1, III.B, III.D. */
async function readSymbolTable(file: Hdf5File, tree: number, heapAddress: number): Promise<Link[]> {
  const { addressBytes, lengthBytes } = file.sizes;
  const heap = await file.fields(heapAddress, 8 + 2 * lengthBytes + addressBytes, "local heap");
  heap.signature("HEAP");
  heap.skip(4);
  const heapBytes = heap.length();
  heap.length();
  const names = await file.fields(heap.address(), heapBytes, "local heap's names");
  const links: Link[] = [];
  const seen = new Set<number>();

  async function visit(address: number): Promise<void> {
    const node = await file.fieldsUpTo(address, 8 + 2 * addressBytes + 2 ** 16, "group's B-tree node");
    if (seen.has(address) || seen.size > MAX_LINKS) throw node.broken("a tree", "nodes that repeat");
    seen.add(address);
    node.signature("TREE");
    const type = node.uint8();
    const level = node.uint8();
    if (type !== 0) throw node.broken("a node of a group", `type ${type}`);
    const count = node.uint16();
    node.skip(2 * addressBytes);
    for (let entry = 0; entry < count; entry++) {
      node.length();
      const child = node.address();
      if (level > 0) await visit(child);
      else await readSymbols(child);
    }
  }
  async function readSymbols(address: number): Promise<void> {
    const node = await file.fieldsUpTo(address, 2 ** 15, "symbol node");
    node.signature("SNOD");
    node.skip(2);
    for (let count = node.uint16(); count > 0; count--) {
      names.at = node.length();
      const name = names.text(names.left);
      const object = node.address();
      const isSoft = node.uint32() === 2;
      node.skip(20);
      if (!isSoft) links.push({ name, address: object });
      if (links.length > MAX_LINKS) throw node.broken(`at most ${MAX_LINKS} links`, "more");
    }
  }
  if (tree !== Infinity) await visit(tree);
  return links;
}
