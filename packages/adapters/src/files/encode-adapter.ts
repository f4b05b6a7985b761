import { expectation, MismatchError } from "@graticule/core";
import { encodeFloats, encodeSafetensorsHeader, type Module, type Parameter, type StateReader } from "@graticule/nn";
import type { Adapter } from "../adapter.js";
import type { Ia3Part } from "../ia3/ia3-layer.js";
import type { LoraPart } from "../lora/lora-part.js";
import type { QkvLoraPart } from "../lora/qkv-lora-part.js";
import { type ModelAdapters, modelAdapters } from "../model-adapters.js";
import { findAdapter } from "../switch-adapters.js";
import { BASE_HASH_KEY, hashBase } from "./base-hash.js";
import { encodeLoraConfig } from "./lora-config.js";
import { partNames, peftName, peftOwnedName } from "./peft-names.js";
import { type PublishedParameters, publishedLayer, publishedModules, publishedName } from "./published-parameters.js";
import { type StoredLora, storedLora } from "./stored-lora.js";

/** What Python's PEFT reads and writes. */
export interface AdapterFiles {
  /** Text of `adapter_config.json`. */
  readonly config: string;
  /** Bytes of `adapter_model.safetensors`. */
  readonly tensors: Uint8Array;
}

/** What a file has of an adapter at one layer. */
type StoredLayer = Pick<StoredLora, "path" | "tensors">;

interface NamedTensor {
  /** In the file. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

export interface EncodeAdapterOptions {
  /** Of the model's values, such as a checkpoint, where ranks hold them in parts. */
  readonly source?: StateReader;
  /** Names of a published model to write it for; those that it was loaded with unless given, else ours. */
  readonly published?: PublishedParameters;
}

/**
 * An adapter as the two files of PEFT. The tensors' metadata names the hash of the base, which `loadAdapter` compares.
 *
 * @throws {RangeError} if there is no such adapter, adapters are merged, or the published model has no such layers.
 * @throws {TypeError} if PEFT has no such kind.
 * @throws {MismatchError} if a tensor is empty, or a part of one: it belongs to other ranks.
 */
export async function encodeAdapter(
  model: Module,
  name: string,
  options: EncodeAdapterOptions = {},
): Promise<AdapterFiles> {
  const state = modelAdapters("encodeAdapter", model);
  const adapter = findAdapter("encodeAdapter", state, name);
  if (state.merged)
    throw new RangeError(expectation("encodeAdapter", "adapters that are not merged", "merged ones", "Unmerge them."));
  const { source, published = adapter.published } = options;
  const layers = layersOf(adapter, source, published);
  const tensors = tensorsOf(state, adapter, layers, source, published);
  const parts: Uint8Array[] = [];
  for (const { name: stored, shape, read } of tensors) {
    const values = await read();
    const count = shape.reduce((product, length) => product * length, 1);
    if (values.length === 0 || values.length !== count)
      throw new MismatchError(
        `encodeAdapter '${name}'`,
        `${count} values of ${stored} [${shape.join(", ")}]`,
        `${values.length}`,
        "Pass a source that has the tensors whole, such as a checkpoint.",
      );
    parts.push(encodeFloats("F32", values));
  }
  const metadata = { format: "pt", [BASE_HASH_KEY]: await hashBase(state, adapter.owned, source) };
  const header = encodeSafetensorsHeader(
    tensors.map(({ name: stored, shape }) => ({ name: stored, dtype: "F32", shape })),
    metadata,
  );
  return {
    config: `${JSON.stringify(configOf(adapter, layers, published), null, 2)}\n`,
    tensors: joined([header, ...parts]),
  };
}

/** What the file has at each layer. @throws {TypeError} if PEFT has no such kind. */
function layersOf(
  { name, kind, places }: Adapter,
  source: StateReader | undefined,
  published: PublishedParameters | undefined,
): StoredLayer[] {
  if (!partNames[kind])
    throw new TypeError(
      expectation("encodeAdapter", `an adapter of ${Object.keys(partNames).join(", ")}`, kind, "Save the state dict."),
    );
  return places.flatMap((place): StoredLayer[] => {
    const part = place.part(name) as Module;
    const parameters = new Map(part.namedParameters());
    const read = async (own: string): Promise<Float32Array> => {
      if (source) return source.read(`${place.path}.adapter.${name}.${own}`);
      const { slice, variable } = parameters.get(own) as Parameter;
      return slice ? new Float32Array(0) : variable.data<"float32">();
    };
    if (kind === "LORA") return storedLora(place.path, part as LoraPart | QkvLoraPart, read, published);
    const path = published ? publishedLayer(published, place.path) : place.path;
    return [
      {
        path,
        tensors: Array.from(parameters, ([own, { globalShape }]) => ({
          own,
          shape: globalShape,
          read: () => read(own),
        })),
      },
    ];
  });
}

function tensorsOf(
  state: ModelAdapters,
  { name, kind, places, owned }: Adapter,
  layers: readonly StoredLayer[],
  source: StateReader | undefined,
  published: PublishedParameters | undefined,
): NamedTensor[] {
  const peft = new Map(partNames[kind]);
  const targets = new Set(places.map(({ path }) => path));
  const ofParts = layers.flatMap(({ path, tensors }) =>
    tensors.map(({ own, ...tensor }): NamedTensor => ({ name: peftName(path, peft.get(own) as string), ...tensor })),
  );
  const ofModel = owned.map((path): NamedTensor => {
    const isOfTarget = targets.has(path.slice(0, path.lastIndexOf(".")));
    return {
      name: peftOwnedName(published ? publishedName(published, path) : path, isOfTarget),
      shape: state.base.get(path)?.globalShape ?? [],
      read: () => (source ? source.read(path) : state.owned(name, path).data<"float32">()),
    };
  });
  return [...ofParts, ...ofModel];
}

function configOf(
  adapter: Adapter,
  layers: readonly StoredLayer[],
  published: PublishedParameters | undefined,
): Record<string, unknown> {
  const { modulesToSave = [] } = adapter.options as { readonly modulesToSave?: readonly string[] };
  const saved = published ? modulesToSave.flatMap((module) => publishedModules(published, module)) : modulesToSave;
  return {
    peft_type: adapter.kind,
    task_type: null,
    base_model_name_or_path: null,
    inference_mode: true,
    target_modules: layers.map(({ path }) => path),
    modules_to_save: saved.length > 0 ? saved : null,
    ...(adapter.kind === "LORA"
      ? encodeLoraConfig(adapter, layers as readonly StoredLora[])
      : ia3Config(adapter, layers)),
  };
}

/** What IA3Config has beside; it has one layer in the file for each place. */
function ia3Config({ name, places }: Adapter, layers: readonly StoredLayer[]): Record<string, unknown> {
  const parts = places.map((place) => place.part(name) as Ia3Part);
  return {
    feedforward_modules: layers.flatMap(({ path }, index) => (parts[index]?.scalesInput ? [path] : [])),
    fan_in_fan_out: false,
    init_ia3_weights: true,
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
