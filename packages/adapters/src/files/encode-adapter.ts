import { expectation, MismatchError } from "@graticule/core";
import { encodeFloats, encodeSafetensorsHeader, type Module, type StateReader } from "@graticule/nn";
import type { Adapter } from "../adapter.js";
import type { Ia3Part } from "../ia3/ia3-layer.js";
import { type ModelAdapters, modelAdapters } from "../model-adapters.js";
import { findAdapter } from "../switch-adapters.js";
import { BASE_HASH_KEY, hashBase } from "./base-hash.js";
import { encodeLoraConfig } from "./lora-config.js";
import { partNames, peftName, peftOwnedName } from "./peft-names.js";

/** What Python's PEFT reads and writes. */
export interface AdapterFiles {
  /** Text of `adapter_config.json`. */
  readonly config: string;
  /** Bytes of `adapter_model.safetensors`. */
  readonly tensors: Uint8Array;
}

interface NamedTensor {
  /** In the file. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

/**
 * An adapter as the two files of PEFT. The tensors' metadata names the hash of the base, which `loadAdapter` compares.
 *
 * @param source of the model's values, such as a checkpoint, where ranks hold them in parts.
 * @throws {RangeError} if there is no such adapter, or adapters are merged.
 * @throws {TypeError} if PEFT has no such kind.
 * @throws {MismatchError} if a tensor is empty, or a part of one: it belongs to other ranks.
 */
export async function encodeAdapter(model: Module, name: string, source?: StateReader): Promise<AdapterFiles> {
  const state = modelAdapters("encodeAdapter", model);
  const adapter = findAdapter("encodeAdapter", state, name);
  if (state.merged)
    throw new RangeError(expectation("encodeAdapter", "adapters that are not merged", "merged ones", "Unmerge them."));
  const tensors = tensorsOf(state, adapter, source);
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
  return { config: `${JSON.stringify(configOf(adapter), null, 2)}\n`, tensors: joined([header, ...parts]) };
}

function tensorsOf(state: ModelAdapters, { name, kind, places, owned }: Adapter, source?: StateReader): NamedTensor[] {
  const names = partNames[kind];
  if (!names)
    throw new TypeError(
      expectation("encodeAdapter", `an adapter of ${Object.keys(partNames).join(", ")}`, kind, "Save the state dict."),
    );
  const peft = new Map(names);
  const targets = new Set(places.map(({ path }) => path));
  const ofParts = places.flatMap((place) =>
    (place.part(name)?.namedParameters() ?? []).map(
      ([own, parameter]): NamedTensor => ({
        name: peftName(place.path, peft.get(own) as string),
        shape: parameter.globalShape,
        read: () =>
          source
            ? source.read(`${place.path}.adapter.${name}.${own}`)
            : parameter.slice
              ? Promise.resolve(new Float32Array(0))
              : parameter.variable.data<"float32">(),
      }),
    ),
  );
  const ofModel = owned.map(
    (path): NamedTensor => ({
      name: peftOwnedName(path, targets.has(path.slice(0, path.lastIndexOf(".")))),
      shape: state.base.get(path)?.globalShape ?? [],
      read: () => (source ? source.read(path) : state.owned(name, path).data<"float32">()),
    }),
  );
  return [...ofParts, ...ofModel];
}

function configOf(adapter: Adapter): Record<string, unknown> {
  const { modulesToSave } = adapter.options as { readonly modulesToSave?: readonly string[] };
  return {
    peft_type: adapter.kind,
    task_type: null,
    base_model_name_or_path: null,
    inference_mode: true,
    target_modules: adapter.places.map(({ path }) => path),
    modules_to_save: modulesToSave && modulesToSave.length > 0 ? modulesToSave : null,
    ...(adapter.kind === "LORA" ? encodeLoraConfig(adapter) : ia3Config(adapter)),
  };
}

/** What IA3Config has beside. */
function ia3Config({ name, places }: Adapter): Record<string, unknown> {
  const isFeedforward = (place: (typeof places)[number]): boolean => (place.part(name) as Ia3Part).scalesInput;
  return {
    feedforward_modules: places.filter(isFeedforward).map(({ path }) => path),
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
