import { makeRandom } from "@graticule/core";
import { type InitRules, initialize, zeros } from "@graticule/nn";
import { channelEncoderInitRules } from "../channel-vit/init-rules.js";
import { type AnomalyBase, AnomalyForecaster, type AnomalyForecasterConfig } from "./anomaly-forecaster.js";

/** Builds an `AnomalyForecaster` on a base, its gates open; the networks' values depend on the seed and each parameter's path alone. */
export function makeAnomalyForecaster(
  config: AnomalyForecasterConfig,
  base: AnomalyBase,
  { seed }: { readonly seed: number },
): AnomalyForecaster {
  const model = new AnomalyForecaster(config);
  const rules: InitRules = [[`head.${config.decoderDepth}.weight`, zeros], ...channelEncoderInitRules(config)];
  for (const [index, network] of model.networks.entries())
    initialize(network, rules, index === 0 ? seed : makeRandom(seed, "network", index).uint32());
  for (const name of ["climatology", "persistence", "scale"] as const) model[name].assign(base[name]);
  model.gate.assign(new Float32Array(base.scale.length).fill(1));
  return model;
}
