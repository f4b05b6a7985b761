import { type LayerNorm, type LinearWeights, Module, Parameter } from "@graticule/nn";
import { gelu, type LinearOptions, layerNorm, linear } from "@graticule/ops";
import { add, mul, reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { AdaptedLinear } from "../adapted-linear.js";

/** Factors of a layer's outputs, `[N, 1]`, or of its inputs, `[1, K]`; ones at first. */
export class Ia3Part extends Module {
  readonly ia3L: Parameter;
  readonly scalesInput: boolean;

  constructor(length: number, scalesInput: boolean) {
    super();
    this.ia3L = new Parameter(scalesInput ? [1, length] : [length, 1]);
    this.ia3L.assignLater(() => new Float32Array(length).fill(1));
    this.scalesInput = scalesInput;
  }
}

/**
 * (IA)³ at a linear layer: learned factors of its outputs, l ∘ (x·Wᵀ + b), or of its inputs.
 *
 * Source: Liu et al. 2022, §3.3, arXiv:2205.05638.
 */
export class Ia3Layer extends AdaptedLinear<Ia3Part> {
  override forward(x: Tensor, { weight, bias }: LinearWeights, options: LinearOptions = {}): Tensor {
    if (this.active.length === 0) return linear(x, weight, bias, options);
    return tidy(() => {
      const { residual, inputActivation = "none" } = options;
      const ofInput = this.#factors(true);
      const isComposed = ofInput !== undefined && inputActivation !== "none";
      const activated = isComposed ? gelu(x, { approximate: inputActivation === "gelu-tanh" ? "tanh" : "none" }) : x;
      const scaled = ofInput ? mul(activated, ofInput) : activated;
      const y = linear(scaled, weight, bias, isComposed ? {} : { inputActivation });
      const ofOutput = this.#factors(false);
      const result = ofOutput ? mul(y, ofOutput) : y;
      return residual ? add(result, residual) : result;
    });
  }

  override forwardNormed(x: Tensor, weights: LinearWeights, layer: Pick<LayerNorm, "parameters">): Tensor {
    return tidy(() => {
      const { gamma, beta, epsilon } = layer.parameters();
      return this.forward(layerNorm(x, gamma, beta, epsilon), weights);
    });
  }

  /** The product of the active factors of one side. */
  #factors(ofInput: boolean): Tensor | undefined {
    const factors = this.active
      .filter(([, { scalesInput }]) => scalesInput === ofInput)
      .map(([, { ia3L }]) => reshape(ia3L.variable, [-1]));
    return factors.length > 0 ? factors.reduce((product, each) => mul(product, each)) : undefined;
  }

  protected override mergedWeights({ weight, bias }: LinearWeights): LinearWeights {
    const [ofInput, ofOutput] = [this.#factors(true), this.#factors(false)];
    const scaled = ofInput ? mul(weight, ofInput) : weight;
    if (!ofOutput) return { weight: scaled };
    return { weight: mul(scaled, reshape(ofOutput, [-1, 1])), bias: bias && mul(bias, ofOutput) };
  }
}
