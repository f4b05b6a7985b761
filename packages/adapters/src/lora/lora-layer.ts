import { runOperation } from "@graticule/autodiff";
import { type DropoutStreams, dropout, type LayerNorm, type LinearWeights, type ParameterSlice } from "@graticule/nn";
import { gelu, type LinearOptions, type LowRankUpdate, layerNorm, linear, normLinear } from "@graticule/ops";
import { add, div, mul, norm, reshape, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { AdaptedLinear } from "../adapted-linear.js";
import { joinUpdates } from "./join-updates.js";
import type { LoraPart } from "./lora-part.js";
import type { QkvLoraPart } from "./qkv-lora-part.js";

type AnyPart = LoraPart | QkvLoraPart;

/**
 * LoRA at a linear layer: y = x·(W + Σ scale·B·A)ᵀ + bias. The updates of all active adapters are one of their joined
 * rank, which the layer's product takes along; only what dropout is applied to first is computed apart.
 *
 * Source: Hu et al. 2021, arXiv:2106.09685; with lengths, Liu et al. 2024 (DoRA), §4, arXiv:2402.09353.
 */
export class LoraLayer extends AdaptedLinear<AnyPart> {
  #streams: DropoutStreams | undefined;

  override forward(x: Tensor, { weight, bias }: LinearWeights, options: LinearOptions = {}): Tensor {
    const { active } = this;
    const [first] = active;
    if (!first) return linear(x, weight, bias, options);
    return tidy(() => {
      const dropping = active.filter(([, part]) => this.#isDropping(part));
      const plain = active.flatMap(([, part]) => (this.#isDropping(part) ? [] : [part]));
      const { residual, inputActivation = "none" } = options;
      const [, { loraMagnitudeVector: magnitude }] = first;
      const added = magnitude ? {} : { ...(residual && { residual }) };
      const update = plain.length > 0 ? { update: updateOf(plain) } : {};
      let y = linear(x, weight, magnitude ? undefined : bias, { inputActivation, ...added, ...update });
      for (const [name, part] of dropping) {
        const dropped = dropout(activated(x, inputActivation), { dropRate: part.loraDropout }, ...this.#place(name));
        const { down, up } = updateOf([part]);
        y = linear(linear(dropped, down), up, undefined, { residual: y });
      }
      if (!magnitude) return y;
      y = mul(y, div(magnitude.variable, normOfRows(weight, first[1])));
      if (bias) y = add(y, bias);
      return residual ? add(y, residual) : y;
    });
  }

  override forwardNormed(x: Tensor, { weight, bias }: LinearWeights, layer: Pick<LayerNorm, "parameters">): Tensor {
    const { active } = this;
    const isComposed = active.some(([, part]) => part.loraMagnitudeVector || this.#isDropping(part));
    return tidy(() => {
      const { gamma, beta, epsilon } = layer.parameters();
      if (isComposed) return this.forward(layerNorm(x, gamma, beta, epsilon), { weight, bias });
      const update = active.length > 0 ? updateOf(active.map(([, part]) => part)) : undefined;
      return normLinear(x, { gamma, beta, epsilon, weight, bias, update });
    });
  }

  #isDropping({ loraDropout }: AnyPart): boolean {
    return this.#streams !== undefined && loraDropout > 0;
  }

  #place(name: string): [place: string, streams: DropoutStreams] {
    return [`${this.path}.${name}`, this.#streams as DropoutStreams];
  }

  drop(streams: DropoutStreams | undefined): void {
    this.#streams = streams;
  }

  protected override mergedWeights({ weight }: LinearWeights): LinearWeights {
    const parts = this.active.map(([, part]) => part);
    const sum = add(weight, multipliedOut(parts));
    const magnitude = parts[0]?.loraMagnitudeVector?.variable;
    return { weight: magnitude ? mul(sum, reshape(div(magnitude, norm(sum, 2, 1)), [-1, 1])) : sum };
  }

  /** Rows are cut with loraB, columns with loraA; the other factor stays whole on all ranks. */
  override divide(cut: ParameterSlice, share: (x: Tensor) => Tensor): void {
    for (const part of this.all) part.divide(cut, share, this.path);
  }
}

/** scale·B·A of all parts, as one of their joined rank. */
const updateOf = (parts: readonly AnyPart[]): LowRankUpdate => joinUpdates(parts.map((part) => part.update()));

/** scale·B·A `[N, K]`, in float32 whatever the backend multiplies matrices in. */
function multipliedOut(parts: readonly AnyPart[]): Tensor {
  return tidy(() => {
    const { down, up } = updateOf(parts);
    const [rank, inFeatures] = down.shape as [number, number];
    let sum: Tensor | undefined;
    for (let index = 0; index < rank; index++) {
      const next = tidy(() => {
        const outer = mul(slice(up, [0, index], [-1, 1]), slice(down, [index, 0], [1, inFeatures]));
        return sum ? add(sum, outer) : outer;
      });
      sum?.dispose();
      sum = next;
    }
    return sum as Tensor;
  });
}

/** Lengths of the rows of W + scale·B·A, a constant for the gradient (DoRA, §4.3). */
function normOfRows(weight: Tensor, part: AnyPart): Tensor {
  return runOperation({
    name: "NormOfRows",
    inputs: {},
    run: () => norm(add(weight, multipliedOut([part])), 2, 1),
    gradients: () => ({}),
  });
}

function activated(x: Tensor, activation: NonNullable<LinearOptions["inputActivation"]>): Tensor {
  if (activation === "none") return x;
  return gelu(x, { approximate: activation === "gelu-tanh" ? "tanh" : "none" });
}
