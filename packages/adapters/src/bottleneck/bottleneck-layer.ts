import { makeRandom } from "@graticule/core";
import { initialize, type LayerNorm, Linear, type LinearWeights, Module, normal, zeros } from "@graticule/nn";
import { type LinearOptions, linear, normLinear } from "@graticule/ops";
import { add, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { AdaptedLinear } from "../adapted-linear.js";

/** Near-identity at first. Source: Houlsby et al. 2019, §3.6. */
const STD = 1e-2;

/** h + up(gelu(down(h))). */
export class BottleneckPart extends Module {
  readonly down: Linear;
  readonly up: Linear;

  constructor(width: number, bottleneckDim: number, seed: number, key: string) {
    super();
    this.down = new Linear(width, bottleneckDim);
    this.up = new Linear(bottleneckDim, width);
    const own = makeRandom(seed, "bottleneck", key).uint32();
    initialize(
      this,
      [
        ["**.bias", zeros],
        ["down.weight", normal(STD)],
        ["up.weight", zeros],
      ],
      own,
    );
  }

  forward(h: Tensor): Tensor {
    return this.up.forward(this.down.forward(h), { inputActivation: "gelu", residual: h });
  }
}

/**
 * Bottleneck adapters behind a linear layer, before the residual is added: where the layer ends an attention or an MLP,
 * this is Houlsby's place, behind the MLP alone Pfeiffer's. Several active ones stand behind one another.
 *
 * Source: Houlsby et al. 2019, §2.1, arXiv:1902.00751; Pfeiffer et al. 2021, §3, arXiv:2005.00247.
 */
export class BottleneckLayer extends AdaptedLinear<BottleneckPart> {
  override forward(x: Tensor, { weight, bias }: LinearWeights, options: LinearOptions = {}): Tensor {
    if (this.active.length === 0) return linear(x, weight, bias, options);
    return tidy(() => {
      const { residual, ...before } = options;
      const y = this.#through(linear(x, weight, bias, before));
      return residual ? add(y, residual) : y;
    });
  }

  override forwardNormed(x: Tensor, weights: LinearWeights, layer: Pick<LayerNorm, "parameters">): Tensor {
    return tidy(() => this.#through(normLinear(x, { ...layer.parameters(), ...weights })));
  }

  #through(h: Tensor): Tensor {
    return this.active.reduce((y, [, part]) => part.forward(y), h);
  }
}
