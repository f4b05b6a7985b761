import { ConfigError, expectation, MismatchError } from "@graticule/core";
import {
  type ByteSource,
  bytesSource,
  type Linear,
  type Module,
  openSafetensorsState,
  readSafetensorsHeader,
} from "@graticule/nn";
import { tensor } from "@tensorflow/tfjs-core";
import { adaptLinear } from "../adapted-linear.js";
import { addAdapter, findModelAdapters, ModelAdapters } from "../model-adapters.js";
import { linearLayers } from "../select-layers.js";
import { BASE_HASH_KEY, checkBaseHash, hashBase } from "./base-hash.js";
import { readPeftKind } from "./peft-kind.js";
import { readPeftName } from "./peft-names.js";

export interface LoadAdapterOptions {
  /** `default` unless given. */
  readonly name?: string;
  /** Takes a base that is not the one which the adapter was trained on; false unless given. */
  readonly anyBase?: boolean;
}

/**
 * Adds an adapter from PEFT's files, ours or Python's. All names, shapes and the base's hash, where the file has one, are
 * checked before anything changes.
 *
 * @throws {ConfigError} if the configuration can't be read or asks for what is not done here.
 * @throws {MismatchError} if the tensors don't fit the model, or the base is another one.
 * @throws {FormatError} if the tensors are not a safetensors file.
 */
export async function loadAdapter<M extends Module>(
  model: M,
  files: { readonly config: string; readonly tensors: Uint8Array | ByteSource },
  { name = "default", anyBase = false }: LoadAdapterOptions = {},
): Promise<M> {
  const json = parseObject(files.config);
  const kind = readPeftKind(json);
  const source =
    files.tensors instanceof Uint8Array ? bytesSource("adapter_model.safetensors", files.tensors) : files.tensors;
  const { metadata, tensors } = await readSafetensorsHeader(source);
  const { read } = await openSafetensorsState(source);
  const state = findModelAdapters(model) ?? new ModelAdapters(model);
  const linears = linearLayers(model);

  const faults: string[] = [];
  const parts = new Map<string, Map<string, string>>();
  const owned = new Map<string, string>();
  for (const [stored, { shape }] of tensors) {
    const found = readPeftName(kind.name, stored);
    if (found.owned === undefined) {
      if (!linears.has(found.path)) faults.push(`${stored}, of no linear layer`);
      parts.set(found.path, (parts.get(found.path) ?? new Map()).set(found.own, stored));
      continue;
    }
    const expected = state.base.get(found.owned)?.globalShape;
    if (`${expected}` !== `${shape}`) faults.push(`${stored} [${shape}] for ${expected ? `[${expected}]` : "nothing"}`);
    owned.set(found.owned, stored);
  }
  const made = new Map<string, Module>();
  for (const [path, own] of parts) {
    const layer = linears.get(path);
    if (!layer) continue;
    const shapeOf = (field: string): readonly number[] | undefined => tensors.get(own.get(field) ?? "")?.shape;
    const part = kind.makePart(path, layer, shapeOf);
    for (const [field, { globalShape }] of part.namedParameters())
      if (`${shapeOf(field)}` !== `${globalShape}` || globalShape.includes(0))
        faults.push(`${path}.${field} [${shapeOf(field) ?? "missing"}] for [${globalShape}]`);
    made.set(path, part);
  }
  if (faults.length > 0 || made.size === 0)
    throw new MismatchError(
      `loadAdapter '${name}'`,
      "tensors of layers of the model",
      faults.join("; ") || "none at all",
      "Load it into the model that it was trained on.",
    );
  const expected = metadata[BASE_HASH_KEY];
  if (expected !== undefined && !anyBase) checkBaseHash(name, expected, await hashBase(state, [...owned.keys()]));

  const values = new Map<string, Float32Array>();
  for (const stored of tensors.keys()) values.set(stored, await read(stored));
  for (const [path, part] of made)
    for (const [field, parameter] of part.namedParameters())
      parameter.assign(values.get(parts.get(path)?.get(field) as string) as Float32Array);
  const modulesToSave = Array.isArray(json.modules_to_save) ? (json.modules_to_save as string[]) : [];
  const options = { ...kind.options(made), targets: [...made.keys()], modulesToSave };
  addAdapter("loadAdapter", model, name, (adapters) => {
    const places = Array.from(made, ([path, part]) => {
      const place = adaptLinear(kind.layer, path, linears.get(path) as Linear);
      place.add(name, part);
      return place;
    });
    for (const [path, stored] of owned)
      adapters.setOwned(
        name,
        path,
        tensor(values.get(stored) as Float32Array, [...(state.base.get(path)?.globalShape ?? [])]),
      );
    return { kind: kind.name, options, owned: [...owned.keys()], places };
  });
  return model;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(expectation("adapter_config.json", "JSON", text.slice(0, 40)), { cause });
  }
  throw new ConfigError(expectation("adapter_config.json", "a JSON object", text.slice(0, 40)));
}
