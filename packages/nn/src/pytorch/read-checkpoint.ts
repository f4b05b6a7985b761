import { FormatError, MismatchError } from "@graticule/core";
import { bytesPerValue, decodeValues, toFloat32 } from "../safetensors/dtype.js";
import type { ByteSource, TensorFile } from "../safetensors/read.js";
import { readRange } from "../safetensors/read-range.js";
import { readPickle } from "./pickle-reader.js";
import { storageBytes, TorchTensor, torchVocabulary } from "./torch-vocabulary.js";
import { findStoredBytes, readZipDirectory, type ZipEntry } from "./zip-directory.js";

/** A pickle that lists tensors takes some hundred bytes for each; one beyond this is something else. */
const MAX_PICKLE_BYTES = 64 * 1024 * 1024;
/** First bytes of what torch.save wrote before PyTorch 1.6: a pickle of the number 0x1950a86a20f9469cfc6c. */
const LEGACY_OPENING = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

export interface PyTorchOptions {
  /** Which entry of the stored dictionary is the state dict, such as `model`; the only one that holds tensors if absent. */
  readonly key?: string;
}

/**
 * Opens the state dict in a file that `torch.save` wrote (`.pth`, `.pt`, `.bin`, `.ckpt`). Nothing in the file is ever run:
 * its pickle is read by an interpreter that knows tensors and plain containers alone, and tensors are read one at a time.
 *
 * Source: torch/serialization.py, the ZIP format of PyTorch 1.6 and later.
 *
 * @throws {FormatError} if the file is damaged, holds anything else than tensors and plain containers, or is of the format
 * before PyTorch 1.6.
 * @throws {MismatchError} if it has no state dict by that key, or several.
 */
export async function openPyTorchState(source: ByteSource, { key }: PyTorchOptions = {}): Promise<TensorFile> {
  await refuseOtherFormats(source);
  const entries = await readZipDirectory(source);
  const pickle = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickle || pickle.bytes > MAX_PICKLE_BYTES)
    throw new FormatError(
      source.path,
      `a ZIP archive with a data.pkl of at most ${MAX_PICKLE_BYTES} bytes`,
      pickle ? `${pickle.bytes}` : `${entries.size} other files`,
      "Save it with torch.save.",
    );
  const folder = pickle.name.slice(0, -"data.pkl".length);
  await checkByteOrder(source, entries.get(`${folder}byteorder`));
  const where = `${source.path}, data.pkl`;
  const bytes = await readRange(source, where, await findStoredBytes(source, pickle), pickle.bytes);
  const tensors = selectStateDict(source.path, readPickle(where, bytes, torchVocabulary(where)), key);
  const files = new Map(Array.from(tensors, ([name, tensor]) => [name, fileOf(source, entries, folder, name, tensor)]));
  return {
    tensors: new Map(Array.from(tensors, ([name, { shape, storage }]) => [name, { shape, dtype: storage.dtype }])),
    async read(name) {
      const tensor = tensors.get(name);
      const file = files.get(name);
      if (!tensor || !file) throw new MismatchError(source.path, `one of its ${tensors.size} tensors`, `'${name}'`);
      return readTensor(source, `${source.path}, tensor '${name}'`, await findStoredBytes(source, file), tensor);
    },
  };
}

async function refuseOtherFormats(source: ByteSource): Promise<void> {
  const opening = await source.read(0, Math.min(LEGACY_OPENING.length, source.bytes));
  if (opening[0] === 0x50 && opening[1] === 0x4b) return;
  const isLegacy = LEGACY_OPENING.every((byte, index) => opening[index] === byte);
  throw new FormatError(
    source.path,
    "a ZIP archive as torch.save writes it since PyTorch 1.6",
    isLegacy ? "a file of the format before" : `bytes ${Array.from(opening.subarray(0, 4)).join(" ")}`,
    isLegacy
      ? `Convert it: python -c "import torch; torch.save(torch.load('old.pth', map_location='cpu', weights_only=True), 'new.pth')".`
      : "Give a .pth, .pt or .bin file, or one in safetensors format.",
  );
}

async function checkByteOrder(source: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return;
  const length = Math.min(entry.bytes, 16);
  const bytes = await readRange(source, source.path, await findStoredBytes(source, entry), length);
  const order = new TextDecoder().decode(bytes);
  if (order !== "little")
    throw new FormatError(source.path, "little-endian values", `'${order}'`, "Save it on a little-endian machine.");
}

/** The tensors of the dictionary itself, or of the one of its entries that holds some. */
function selectStateDict(path: string, value: unknown, key: string | undefined): Map<string, TorchTensor> {
  const found = tensorsOf(value);
  if (key === undefined && found.size > 0) return found;
  const within = new Map<string, Map<string, TorchTensor>>();
  if (value instanceof Map)
    for (const [name, entry] of value) {
      const tensors = tensorsOf(entry);
      if (tensors.size > 0) within.set(String(name), tensors);
    }
  const names = [...within.keys()];
  const chosen = key ?? (names.length === 1 ? names[0] : undefined);
  const selected = chosen === undefined ? undefined : within.get(chosen);
  if (selected) return selected;
  throw new MismatchError(
    path,
    key === undefined ? "one dictionary of tensors" : `a dictionary of tensors '${key}'`,
    names.length === 0 ? "none" : names.slice(0, 20).join(", "),
    names.length === 0 ? "Save model.state_dict()." : "Name one of them as the key.",
  );
}

function tensorsOf(value: unknown): Map<string, TorchTensor> {
  const found = new Map<string, TorchTensor>();
  if (value instanceof Map)
    for (const [name, item] of value)
      if (typeof name === "string" && item instanceof TorchTensor) found.set(name, item);
  return found;
}

/** The file in the archive that holds a tensor's values, all of them. */
function fileOf(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  name: string,
  { storage }: TorchTensor,
): ZipEntry {
  const file = entries.get(`${folder}data/${storage.key}`);
  if (file && file.bytes >= storageBytes(storage)) return file;
  throw new FormatError(
    `${source.path}, tensor '${name}'`,
    `${storageBytes(storage)} bytes in data/${storage.key.slice(0, 40)}`,
    file ? `${file.bytes}` : "no such file",
    "The file is truncated or changed; copy it again.",
  );
}

async function readTensor(
  source: ByteSource,
  where: string,
  start: number,
  tensor: TorchTensor,
): Promise<Float32Array> {
  const { shape, strides, offset, storage } = tensor;
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === 0) return new Float32Array(0);
  const span = shape.reduce((end, length, dim) => end + (length - 1) * (strides[dim] as number), 1);
  const width = bytesPerValue[storage.dtype];
  const bytes = await readRange(source, where, start + offset * width, span * width);
  const values = toFloat32(decodeValues(storage.dtype, bytes));
  return isContiguous(shape, strides) ? values : gatherStrided(values, shape, strides, size);
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] !== 1 && strides[dim] !== expected) return false;
    expected *= shape[dim] as number;
  }
  return true;
}

/** Row-major values of a view whose dimensions lie `strides` apart. */
function gatherStrided(
  values: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
  size: number,
): Float32Array {
  const gathered = new Float32Array(size);
  const place = shape.map(() => 0);
  let at = 0;
  for (let index = 0; index < size; index++) {
    gathered[index] = values[at] as number;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      at += strides[dim] as number;
      place[dim] = (place[dim] as number) + 1;
      if (place[dim] !== shape[dim]) break;
      at -= (strides[dim] as number) * (shape[dim] as number);
      place[dim] = 0;
    }
  }
  return gathered;
}
