import {
  bfloat16ToFloat32,
  compareState,
  type Module,
  type SafetensorsDtype,
  type StoredValues,
  type TensorFile,
} from "@graticule/nn";
import type { StoredFloat } from "@graticule/tfjs-backend-torch";
import { engine } from "@tensorflow/tfjs-core";
import { type LoadingPlan, planLoading } from "./plan-loading.js";
import { selectStreamed, streamModule } from "./streamed-modules.js";

export interface LoadWithinOptions {
  /** Bytes that weights may take at once, with the tensor that is being read; as many as there are unless given. */
  readonly memoryLimit?: number;
  /**
   * Modules that compute one after the other, e.g. `llm.model.layers.*`: what doesn't fit is read from the file each time it
   * computes, for inference alone; the file has to stay open. None unless given.
   */
  readonly streamed?: string;
  /** How weights lie in memory; BF16 of the file as bfloat16 and all else as float32 unless given. */
  readonly stored?: StoredFloat;
}

const BYTES = { float32: 4, bfloat16: 2 } as const;

/**
 * Loads a model tensor by tensor, the largest first, so that memory never holds more than the model and one tensor beside
 * it; each lies on the torch backend in the type that it has in the file. On other backends all weights are float32, and
 * nothing is streamed.
 *
 * @throws {ConfigError} before anything is read, if the weights don't fit into the limit.
 * @throws {MismatchError} that lists every missing, unexpected and mismatched tensor.
 */
export async function loadWithin(
  model: Module,
  file: TensorFile,
  { memoryLimit = Number.POSITIVE_INFINITY, streamed, stored }: LoadWithinOptions = {},
): Promise<LoadingPlan> {
  const parameters = model.namedParameters();
  compareState(parameters, file);
  const torch = engine().backendName === "torch" ? await import("@graticule/tfjs-backend-torch") : undefined;
  const { readStored: readBits } = file;
  const readStored = torch && readBits && ((path: string) => storable(readBits(path), storedAs(path)));
  const dtypeOf = (path: string): SafetensorsDtype => file.tensors.get(path)?.dtype ?? "F32";
  const storedAs = (path: string): StoredFloat =>
    (readStored && stored) || (readStored && dtypeOf(path) === "BF16" ? "bfloat16" : "float32");
  const tensors = parameters.map(([path, { size }]) => {
    const bytes = size * BYTES[storedAs(path)];
    return { path, bytes, readBytes: readStored && dtypeOf(path) === "BF16" ? Math.max(2 * size, bytes) : 4 * size };
  });
  const modules = readStored && streamed !== undefined ? selectStreamed(model, streamed) : [];
  const plan = planLoading(
    tensors,
    new Map(modules.map(({ path, parameters: own }) => [path, own.map(([name]) => name)])),
    memoryLimit,
  );
  const later = new Set<string>();
  for (const each of modules) {
    if (!plan.streamed.includes(each.path) || !readStored) continue;
    for (const [path] of each.parameters) later.add(path);
    streamModule(each, readStored, storedAs, torch);
  }
  const bySize = parameters.filter(([path]) => !later.has(path)).sort(([, a], [, b]) => b.size - a.size);
  for (const [path, parameter] of bySize) {
    if (readStored) parameter.adopt(torch.makeStoredTensor(parameter.shape, readStored(path), storedAs(path)));
    else parameter.assign(await file.read(path));
  }
  return plan;
}

/** Bits only where they are stored as such. */
function storable(values: StoredValues, stored: StoredFloat): StoredValues {
  return values instanceof Uint16Array && stored === "float32" ? bfloat16ToFloat32(values) : values;
}
