import { ConfigError, expectation, MismatchError } from "@graticule/core";
import {
  type ByteSource,
  bytesSource,
  type Linear,
  type Module,
  openSafetensorsState,
  readSafetensorsHeader,
  type SafetensorsHeader,
} from "@graticule/nn";
import { tensor } from "@tensorflow/tfjs-core";
import { adaptLinears } from "../adapted-linear.js";
import { QKV, type QkvName } from "../lora/qkv-lora-part.js";
import { addAdapter, findModelAdapters, ModelAdapters } from "../model-adapters.js";
import { linearLayers } from "../select-layers.js";
import { BASE_HASH_KEY, checkBaseHash, hashBase } from "./base-hash.js";
import { type PeftKind, readPeftKind } from "./peft-kind.js";
import { readPeftName } from "./peft-names.js";
import { ourModule, type PublishedParameters } from "./published-parameters.js";

export interface LoadAdapterOptions {
  /** `default` unless given. */
  readonly name?: string;
  /** Takes a base that is not the one which the adapter was trained on; false unless given. */
  readonly anyBase?: boolean;
  /** Names of the published model that the adapter is of; the file has ours unless given. */
  readonly published?: PublishedParameters;
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
  { name = "default", anyBase = false, published }: LoadAdapterOptions = {},
): Promise<M> {
  const json = parseObject(files.config);
  const kind = readPeftKind(json);
  const source =
    files.tensors instanceof Uint8Array ? bytesSource("adapter_model.safetensors", files.tensors) : files.tensors;
  const { metadata, tensors } = await readSafetensorsHeader(source);
  const { read } = await openSafetensorsState(source);
  const state = findModelAdapters(model) ?? new ModelAdapters(model);
  const linears = linearLayers(model);

  const { made, owned, names } = fitTensors(name, kind, tensors, { state, linears, published });
  const expected = metadata[BASE_HASH_KEY];
  if (expected !== undefined && !anyBase) checkBaseHash(name, expected, await hashBase(state, [...owned.keys()]));

  const values = new Map<string, Float32Array>();
  for (const stored of tensors.keys()) values.set(stored, await read(stored));
  for (const [path, part] of made)
    for (const [field, parameter] of part.namedParameters())
      parameter.assign(values.get(names.get(path)?.get(field) as string) as Float32Array);
  const saved = Array.isArray(json.modules_to_save) ? (json.modules_to_save as string[]) : [];
  const modulesToSave = published ? saved.flatMap((module) => ourModule(published, module) ?? []) : saved;
  const options = { ...kind.options(made), targets: [...made.keys()], modulesToSave };
  addAdapter("loadAdapter", model, name, (adapters) => {
    const targets = new Map([...linears].filter(([path]) => made.has(path)));
    const places = adaptLinears(kind.layer, targets, name, (path) => made.get(path) as Module);
    for (const [path, stored] of owned)
      adapters.setOwned(
        name,
        path,
        tensor(values.get(stored) as Float32Array, [...(state.base.get(path)?.globalShape ?? [])]),
      );
    const names = published && { published };
    return { kind: kind.name, options, owned: [...owned.keys()], places, ...names };
  });
  return model;
}

interface Fitted {
  /** Parts without values, by the path of their layer. */
  readonly made: ReadonlyMap<string, Module>;
  /** Stored names of parameters of the model, by path. */
  readonly owned: ReadonlyMap<string, string>;
  /** Stored names of a part's parameters, by the path of its layer. */
  readonly names: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

interface FitInto {
  readonly state: ModelAdapters;
  readonly linears: ReadonlyMap<string, Linear>;
  readonly published: PublishedParameters | undefined;
}

/** Finds each tensor's place. @throws {MismatchError} that lists all tensors without one, or of another shape. */
function fitTensors(
  name: string,
  kind: PeftKind,
  tensors: SafetensorsHeader["tensors"],
  { state: { base }, linears, published }: FitInto,
): Fitted {
  const faults: string[] = [];
  const names = new Map<string, Map<string, string>>();
  const files = new Map<string, Map<QkvName | undefined, string>>();
  const owned = new Map<string, string>();
  for (const [stored, { shape }] of tensors) {
    const found = readPeftName(kind.name, stored);
    if (found.owned === undefined) {
      const { path, part } = layerOf(found.path, published);
      if (!linears.has(path)) faults.push(`${stored}, of no linear layer`);
      files.set(path, (files.get(path) ?? new Map()).set(part, found.path));
      names.set(path, (names.get(path) ?? new Map()).set(part ? `${part}.${found.own}` : found.own, stored));
      continue;
    }
    const path = published ? wholeOf(found.owned, published) : found.owned;
    const expected = base.get(path)?.globalShape;
    if (`${expected}` !== `${shape}`) faults.push(`${stored} [${shape}] for ${expected ? `[${expected}]` : "nothing"}`);
    owned.set(path, stored);
  }
  const made = new Map<string, Module>();
  for (const [path, own] of names) {
    const layer = linears.get(path);
    if (!layer) continue;
    const shapeOf = (field: string): readonly number[] | undefined => tensors.get(own.get(field) ?? "")?.shape;
    const part = kind.makePart(layer, { shapeOf, pathOf: (each) => files.get(path)?.get(each) ?? path });
    const expected = new Map(part.namedParameters().map(([field, { globalShape }]) => [field, globalShape]));
    for (const [field, shape] of expected)
      if (`${shapeOf(field)}` !== `${shape}` || shape.includes(0))
        faults.push(`${path}.${field} [${shapeOf(field) ?? "missing"}] for [${shape}]`);
    for (const [field, stored] of own) if (!expected.has(field)) faults.push(`${stored} for nothing`);
    made.set(path, part);
  }
  if (faults.length === 0 && made.size > 0) return { made, owned, names };
  throw new MismatchError(
    `loadAdapter '${name}'`,
    "tensors of layers of the model",
    faults.join("; ") || "none at all",
    "Load it into the model that it was trained on.",
  );
}

/** Ours for a layer of the file: one, or a part of one. */
function layerOf(path: string, published?: PublishedParameters): { path: string; part?: QkvName } {
  const found = published?.get(`${path}.weight`);
  if (!found) return { path };
  const layer = found.path.slice(0, -".weight".length);
  const part = found.parts === QKV.length ? QKV[found.part] : undefined;
  return part ? { path: layer, part } : { path: layer };
}

/** Ours for a parameter of the file that is a whole one of ours; else its own name, which is none of the model's. */
function wholeOf(name: string, published: PublishedParameters): string {
  const found = published.get(name);
  return found?.parts === 1 ? found.path : name;
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
