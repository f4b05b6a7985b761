import { ConfigError, expectation } from "@graticule/core";
import type { Linear, Module } from "@graticule/nn";
import type { AdaptedLinear } from "../adapted-linear.js";
import type { AdapterKind } from "../adapter.js";
import { Ia3Layer, Ia3Part } from "../ia3/ia3-layer.js";
import { LoraLayer } from "../lora/lora-layer.js";
import { LoraPart } from "../lora/lora-part.js";
import { QKV, QkvLoraPart, type QkvName } from "../lora/qkv-lora-part.js";
import { parseLoraConfig, scaleOfLayer } from "./lora-config.js";

/** What a file has of a layer. */
export interface StoredPart {
  /** Path in the file: of the layer, or of its part. */
  pathOf(part?: QkvName): string;
  /** The stored shape of a parameter of the part. */
  shapeOf(field: string): readonly number[] | undefined;
}

/** How an adapter is built from PEFT's configuration and the shapes of its tensors. */
export interface PeftKind {
  readonly name: AdapterKind;
  readonly layer: new (path: string, layer: Linear) => AdaptedLinear<Module>;
  /** The part of a layer. */
  makePart(layer: Linear, stored: StoredPart): Module;
  /** What the adapter could have been made with, save targets and modules. */
  options(parts: ReadonlyMap<string, Module>): object;
}

/** @throws {ConfigError} if the kind is not known here, or the configuration asks for what is not done. */
export function readPeftKind(json: Readonly<Record<string, unknown>>): PeftKind {
  if (json.peft_type === "LORA") return loraKind(json);
  if (json.peft_type === "IA3") return ia3Kind;
  throw new ConfigError(expectation("adapter_config.json", "peft_type LORA or IA3", JSON.stringify(json.peft_type)));
}

function loraKind(json: Readonly<Record<string, unknown>>): PeftKind {
  const config = parseLoraConfig(json);
  return {
    name: "LORA",
    layer: LoraLayer,
    makePart(layer, { pathOf, shapeOf }) {
      const [outFeatures, inFeatures] = layer.weight.globalShape as [number, number];
      const optionsOf = (part?: QkvName) => {
        const loraRank = shapeOf(part ? `${part}.lora_a` : "lora_a")?.[0] ?? 0;
        const scale = scaleOfLayer(config, pathOf(part), loraRank);
        return { loraRank, scale, loraDropout: config.lora_dropout };
      };
      const parts = QKV.filter((part) => shapeOf(`${part}.lora_a`));
      if (parts.length === 0) return new LoraPart(outFeatures, inFeatures, { ...optionsOf(), dora: config.use_dora });
      return new QkvLoraPart(outFeatures, inFeatures, Object.fromEntries(parts.map((part) => [part, optionsOf(part)])));
    },
    options(parts) {
      const [first] = parts.values();
      return {
        loraRank: (first as LoraPart | QkvLoraPart).loraRank,
        loraAlpha: config.lora_alpha,
        rsLora: config.use_rslora,
        dora: config.use_dora,
        loraDropout: config.lora_dropout,
        bias: config.bias,
      };
    },
  };
}

const ia3Kind: PeftKind = {
  name: "IA3",
  layer: Ia3Layer,
  makePart({ weight }, { shapeOf }) {
    const [outFeatures, inFeatures] = weight.globalShape as [number, number];
    const scalesInput = shapeOf("ia3_l")?.[0] === 1;
    return new Ia3Part(scalesInput ? inFeatures : outFeatures, scalesInput);
  },
  options: (parts) => ({
    feedforward: Array.from(parts).flatMap(([path, part]) => ((part as Ia3Part).scalesInput ? [path] : [])),
  }),
};
