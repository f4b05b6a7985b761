import { expectation, makeRandom } from "@graticule/core";
import { Module, Parameter, type ParameterSlice } from "@graticule/nn";
import type { LowRankUpdate } from "@graticule/ops";
import { mul, type Tensor } from "@tensorflow/tfjs-core";

export interface LoraPartOptions {
  readonly loraRank: number;
  readonly scale: number;
  readonly loraDropout: number;
  readonly dora: boolean;
}

/** The low-rank update of a weight `[N, K]`: scale · loraB · loraA. */
export class LoraPart extends Module {
  /** `[R, K]`. */
  readonly loraA: Parameter;
  /** `[N, R]`. */
  readonly loraB: Parameter;
  /** `[N]`, lengths of the rows of the changed weight (DoRA). */
  readonly loraMagnitudeVector: Parameter | undefined;
  readonly scale: number;
  readonly loraDropout: number;
  /** Applied to a factor at each use; the identity, unless all ranks of a group have it whole. */
  shareA = (x: Tensor): Tensor => x;
  shareB = (x: Tensor): Tensor => x;

  constructor(outFeatures: number, inFeatures: number, { loraRank, scale, loraDropout, dora }: LoraPartOptions) {
    super();
    this.loraA = new Parameter([loraRank, inFeatures]);
    this.loraB = new Parameter([outFeatures, loraRank]);
    this.loraMagnitudeVector = dora ? new Parameter([outFeatures]) : undefined;
    this.scale = scale;
    this.loraDropout = loraDropout;
  }

  get loraRank(): number {
    return this.loraA.globalShape[0] as number;
  }

  /** Its factors as a layer's product takes them, the scale in the second. */
  update(): LowRankUpdate {
    const { loraA, loraB, shareA, shareB, scale } = this;
    return { down: shareA(loraA.variable), up: mul(shareB(loraB.variable), scale) };
  }

  /**
   * First values, drawn when they are first used: loraA uniform in ±1/√K, as PyTorch draws a linear layer's, loraB zero.
   *
   * @param path of the layer, which keys the random stream.
   */
  initialize(seed: number, name: string, path: string): void {
    const [rows, inFeatures] = this.loraA.globalShape as [number, number];
    this.loraA.assignLater(() => {
      const random = makeRandom(seed, "lora", `${path}.${name}`);
      const bound = 1 / Math.sqrt(inFeatures);
      return Float32Array.from({ length: rows * inFeatures }, () => (2 * random.float() - 1) * bound);
    });
  }

  /** As `LinearAdapter.divide`. @throws {TypeError} if a part would depend on all ranks' values. */
  divide(cut: ParameterSlice, share: (x: Tensor) => Tensor, path: string): void {
    if (this.loraDropout > 0 || this.loraMagnitudeVector)
      throw new TypeError(
        expectation(
          "tensorParallel",
          `LoRA without dropout or DoRA at '${path}'`,
          this.loraDropout > 0 ? "dropout" : "DoRA",
        ),
      );
    if (cut.dim === 0) {
      this.loraB.keepSlice(cut);
      this.shareA = share;
    } else {
      this.loraA.keepSlice(cut);
      this.shareB = share;
    }
  }
}
