import { expectation } from "@graticule/core";
import type { Linear, Module } from "@graticule/nn";
import { norm, tidy } from "@tensorflow/tfjs-core";
import { adaptLinears } from "../adapted-linear.js";
import { addAdapter } from "../model-adapters.js";
import { checkTargetsApart, selectModules, selectOwned } from "../owned-parameters.js";
import { LoraLayer } from "./lora-layer.js";
import { checkLoraOptions, type LoraOptions, loraScale } from "./lora-options.js";
import { LoraPart } from "./lora-part.js";
import { selectLoraTargets } from "./lora-targets.js";
import { QkvLoraPart } from "./qkv-lora-part.js";

/**
 * Freezes a model and gives linear layers a low-rank update that is trained in the weights' stead; it changes nothing at
 * first. Changes the model in place and returns it; before `tensorParallel`, `fullyShard` and the optimizer.
 *
 * Source: Hu et al. 2021, arXiv:2106.09685; Kalajdzievski 2023 (rsLoRA), arXiv:2312.03732; Liu et al. 2024 (DoRA),
 * arXiv:2402.09353.
 *
 * @throws {RangeError} if a pattern matches nothing, a number is out of range, the name is taken, or a layer has another
 * kind of adapter.
 */
export function addLora<M extends Module>(model: M, options: LoraOptions): M {
  checkLoraOptions(options);
  const { name = "default", loraRank, loraDropout = 0, dora = false, seed } = options;
  const targets = selectLoraTargets(model, options);
  const linears = new Map(Array.from(targets, ([path, { layer }]) => [path, layer]));
  const [divided] = Array.from(targets).flatMap(([path, { parts }]) => (parts ? [`${path}.${parts[0]}`] : []));
  if (dora && divided)
    throw new RangeError(
      expectation("addLora", "DoRA of whole layers", `'${divided}'`, "Name the layer, or leave out dora."),
    );
  const modulesToSave = selectModules(model, options.modulesToSave ?? []);
  const owned = selectOwned(model, options, linears.keys());
  checkTargetsApart(linears.keys(), owned);
  const part = { loraRank, scale: loraScale(options), loraDropout, dora };
  addAdapter("addLora", model, name, () => ({
    kind: "LORA",
    options: { ...options, name, modulesToSave },
    owned,
    places: adaptLinears(LoraLayer, linears, name, (path, layer) => {
      const [outFeatures, inFeatures] = layer.weight.shape as [number, number];
      const names = targets.get(path)?.parts;
      const own = names
        ? new QkvLoraPart(outFeatures, inFeatures, Object.fromEntries(names.map((each) => [each, part])))
        : new LoraPart(outFeatures, inFeatures, part);
      own.initialize(seed, name, path);
      own.loraMagnitudeVector?.assign(lengthsOfRows(layer));
      return own;
    }),
  }));
  return model;
}

function lengthsOfRows({ weight }: Linear): Float32Array {
  return tidy(() => Float32Array.from(norm(weight.variable, 2, 1).dataSync()));
}
