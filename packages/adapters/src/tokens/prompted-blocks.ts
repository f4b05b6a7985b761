import { makeRandom } from "@graticule/core";
import { Module, Parameter } from "@graticule/nn";
import { concat, reshape, slice, type Tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { AdaptedModule } from "../adapted-module.js";

/** A block as prompts see it. */
export type Block = Module & { forward(x: Tensor, ...others: unknown[]): Tensor };

/** n virtual tokens: `[n, D]`. */
export class PromptPart extends Module {
  readonly promptEmbeddings: Parameter;

  constructor(numVirtualTokens: number, embedDim: number, seed: number, key: string) {
    super();
    this.promptEmbeddings = new Parameter([numVirtualTokens, embedDim]);
    this.promptEmbeddings.assignLater(() => {
      const random = makeRandom(seed, "prompt", key);
      return Float32Array.from({ length: numVirtualTokens * embedDim }, () => random.normal());
    });
  }
}

/**
 * Successive blocks with learned tokens before the others: put there before the first block, taken away behind the last.
 * Changes the two blocks' `forward`; the field `adapter` of the first holds the tokens.
 */
export class PromptedBlocks extends AdaptedModule<PromptPart> {
  readonly #restore: () => void;

  constructor(path: string, first: Block, last: Block) {
    super(path);
    const holder = first as Block & { adapter?: Module | undefined };
    const before = new Map([first, last].map((block) => [block, Object.getOwnPropertyDescriptor(block, "forward")]));
    holder.adapter = this;
    const enter = first.forward.bind(first);
    first.forward = (x, ...others) => tidy(() => enter(this.#prepend(x), ...others));
    const leave = last.forward.bind(last);
    last.forward = (x, ...others) => tidy(() => slice(leave(x, ...others), [0, this.#count, 0], [-1, -1, -1]));
    this.#restore = () => {
      delete holder.adapter;
      for (const [block, forward] of before)
        if (forward) Object.defineProperty(block, "forward", forward);
        else delete (block as Partial<Block>).forward;
    };
  }

  get #count(): number {
    return this.active.reduce((sum, [, { promptEmbeddings }]) => sum + (promptEmbeddings.shape[0] as number), 0);
  }

  #prepend(x: Tensor): Tensor {
    const prompts = this.active.map(([, { promptEmbeddings }]) => {
      const [tokens, width] = promptEmbeddings.shape as [number, number];
      return tile(reshape(promptEmbeddings.variable, [1, tokens, width]), [x.shape[0] as number, 1, 1]);
    });
    return prompts.length > 0 ? concat([...prompts, x], 1) : x;
  }

  protected override detach(): void {
    this.#restore();
  }
}
