import { ConfigError, expectation } from "@graticule/core";
import type { Adapter } from "../adapter.js";
import type { LoraOptions } from "../lora/lora-options.js";
import type { StoredLora } from "./stored-lora.js";

/** Fields of PEFT's LoraConfig that decide what is computed. */
export interface PeftLoraConfig {
  readonly lora_alpha: number;
  readonly alpha_pattern: Readonly<Record<string, number>>;
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
  readonly lora_dropout: number;
  readonly bias: "none" | "all" | "lora_only";
}

/** Fields that change what is computed and that are not done here; false, null and empty are fine. */
const UNSUPPORTED = [
  "fan_in_fan_out",
  "lora_bias",
  "layer_replication",
  "megatron_config",
  "trainable_token_indices",
  "target_parameters",
  "use_qalora",
  "use_bdlora",
  "alora_invocation_tokens",
  "arrow_config",
  "corda_config",
  "kasa_config",
  "velora_config",
];

/** @throws {ConfigError} if a field is missing, or asks for what is not done here. */
export function parseLoraConfig(json: Readonly<Record<string, unknown>>): PeftLoraConfig {
  const where = "adapter_config.json";
  for (const field of UNSUPPORTED)
    if (!isEmpty(json[field]))
      throw new ConfigError(
        expectation(where, `no ${field}`, JSON.stringify(json[field]), "Merge this adapter in Python instead."),
      );
  const { lora_alpha: alpha, alpha_pattern: pattern = {}, lora_dropout: dropout = 0, bias = "none" } = json;
  if (typeof alpha !== "number" || typeof dropout !== "number" || !isNumbers(pattern ?? {}) || !isBias(bias))
    throw new ConfigError(
      expectation(
        where,
        "numbers lora_alpha, lora_dropout and alpha_pattern, and bias none, all or lora_only",
        JSON.stringify({ alpha, dropout, pattern, bias }),
      ),
    );
  return {
    lora_alpha: alpha,
    alpha_pattern: (pattern ?? {}) as Record<string, number>,
    use_rslora: json.use_rslora === true,
    use_dora: json.use_dora === true,
    lora_dropout: dropout,
    bias,
  };
}

/** How often the update of a layer counts; PEFT matches patterns with the end of a path. */
export function scaleOfLayer(
  { lora_alpha, alpha_pattern, use_rslora }: PeftLoraConfig,
  path: string,
  rank: number,
): number {
  const [, alpha = lora_alpha] =
    Object.entries(alpha_pattern).find(([pattern]) => new RegExp(`(?:^|\\.)(?:${pattern})$`).test(path)) ?? [];
  return alpha / (use_rslora ? Math.sqrt(rank) : rank);
}

/** The whole LoraConfig of an adapter. Ranks and alphas of layers that differ from the options are listed. */
export function encodeLoraConfig({ options }: Adapter, layers: readonly StoredLora[]): Record<string, unknown> {
  const { loraRank, loraAlpha, loraDropout = 0, rsLora = false, dora = false, bias = "none" } = options as LoraOptions;
  const ranks: Record<string, number> = {};
  const alphas: Record<string, number> = {};
  for (const { path, rank, scale } of layers) {
    const alpha = scale * (rsLora ? Math.sqrt(rank) : rank);
    if (rank !== loraRank) ranks[escaped(path)] = rank;
    if (Math.abs(alpha - loraAlpha) > 1e-9 * loraAlpha) alphas[escaped(path)] = alpha;
  }
  return {
    r: loraRank,
    lora_alpha: loraAlpha,
    lora_dropout: loraDropout,
    use_rslora: rsLora,
    use_dora: dora,
    bias,
    rank_pattern: ranks,
    alpha_pattern: alphas,
    fan_in_fan_out: false,
    init_lora_weights: true,
  };
}

const escaped = (path: string): string => path.replaceAll(".", "\\.");

const isBias = (value: unknown): value is PeftLoraConfig["bias"] =>
  value === "none" || value === "all" || value === "lora_only";

const isNumbers = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "number");

const isEmpty = (value: unknown): boolean => !value || (typeof value === "object" && Object.keys(value).length === 0);
