import { z } from "zod";
import type { DecoderConfig } from "./decoder-config.js";
import { size } from "./parse-published.js";

const positive = z.number().positive();
const factors = z.array(positive);

/** Rotary positions, under the name that transformers 4 or 5 gives them. */
const kinds = z.discriminatedUnion(
  "rope_type",
  [
    z.object({ rope_type: z.literal("default"), rope_theta: positive.optional() }),
    z.object({ rope_type: z.literal("linear"), rope_theta: positive.optional(), factor: positive }),
    z.object({
      rope_type: z.literal("llama3"),
      rope_theta: positive.optional(),
      factor: positive,
      low_freq_factor: positive,
      high_freq_factor: positive,
      original_max_position_embeddings: size,
    }),
    z.object({
      rope_type: z.literal("longrope"),
      rope_theta: positive.optional(),
      short_factor: factors,
      long_factor: factors,
      original_max_position_embeddings: size,
      factor: positive.nullish(),
    }),
  ],
  {
    error: ({ input }) =>
      `'${(input as { rope_type?: unknown } | null)?.rope_type}', of default, linear, llama3 and longrope`,
  },
);

type Rope = z.output<typeof kinds>;

const ropeOfEitherName = z.preprocess((value) => {
  if (typeof value !== "object" || value === null || "rope_type" in value || !("type" in value)) return value;
  return { ...value, rope_type: value.type };
}, kinds);

/** Keys of a config.json that decide a decoder's rotary positions. */
export const ropeKeys = {
  max_position_embeddings: size,
  rope_theta: positive.optional(),
  rope_scaling: ropeOfEitherName.nullish(),
  rope_parameters: ropeOfEitherName.nullish(),
};

/** transformers' default where a file names no base of the frequencies. */
const ROPE_THETA = 10_000;

/** Rotary positions of heads of which so many numbers are turned. */
export function publishedRope(
  found: z.output<z.ZodObject<typeof ropeKeys>>,
  turned: number,
): Pick<DecoderConfig, "ropeTheta" | "longRope" | "contextLength"> {
  const rope = found.rope_parameters ?? found.rope_scaling;
  const ropeTheta = rope?.rope_theta ?? found.rope_theta ?? ROPE_THETA;
  const contextLength = found.max_position_embeddings;
  return {
    ropeTheta,
    longRope: rope ? longRope(rope, { turned, ropeTheta, contextLength }) : undefined,
    contextLength,
  };
}

interface Frequencies {
  readonly turned: number;
  readonly ropeTheta: number;
  readonly contextLength: number;
}

function longRope(rope: Rope, { turned, ropeTheta, contextLength }: Frequencies): DecoderConfig["longRope"] {
  if (rope.rope_type === "default") return undefined;
  if (rope.rope_type === "longrope") {
    const originalContext = rope.original_max_position_embeddings;
    const growth = rope.factor ?? contextLength / originalContext;
    return { shortFactors: rope.short_factor, longFactors: rope.long_factor, originalContext, growth };
  }
  const divisors = Array.from({ length: turned / 2 }, (_, index) =>
    rope.rope_type === "linear" ? rope.factor : llamaDivisor(rope, ropeTheta ** ((2 * index) / turned)),
  );
  // The same for texts of any length.
  return { shortFactors: divisors, longFactors: divisors, originalContext: contextLength, growth: 1 };
}

/**
 * Divisor of a frequency, given 1 / it: the whole factor for waves that are long beside the original context, none for short
 * ones, and between them a weighted mean of both frequencies.
 *
 * Source: transformers, modeling_rope_utils.py, `_compute_llama3_parameters`.
 */
function llamaDivisor(rope: Extract<Rope, { rope_type: "llama3" }>, inverse: number): number {
  const { factor, low_freq_factor: low, high_freq_factor: high } = rope;
  const waves = rope.original_max_position_embeddings / (2 * Math.PI * inverse);
  if (waves < low) return factor;
  if (waves > high) return 1;
  const share = (waves - low) / (high - low);
  return 1 / ((1 - share) / factor + share);
}
