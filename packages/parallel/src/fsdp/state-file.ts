import { copyStorage, evictStorage, fetchStorage, makeFileTensor, placeStorage } from "@graticule/tfjs-backend-torch";
import { keep, type Tensor, tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";

/**
 * A shard and what the optimizer keeps of it, in a file that is mapped: tensors stay usable, the disk gives their values
 * when they are used. Layout: float32, the shard, then each moment, in the shard's order.
 *
 * Source: Rajbhandari et al. 2021, arXiv:2104.07857.
 */
export class StateFile {
  /** All of it, and the shard alone. */
  readonly #state: Tensor;
  readonly #shard: Tensor;

  /** Moves a shard, whose values are lost, into a new file of the folder. */
  constructor(shard: Tensor, folder: string, moments: number) {
    this.#shard = shard;
    this.#state = keep(makeFileTensor(folder, (1 + moments) * shard.size));
    placeStorage(shard, this.#state, 0);
  }

  /** Lets a tensor lie in the shard, or in the moment of that number, from 1. */
  place(tensor: Tensor, offset: number, moment = 0): void {
    placeStorage(tensor, this.#state, moment * this.#shard.size + offset);
  }

  /** Moments of a part of the shard: copies of the given ones, or zeros. */
  makeMoments(
    offset: number,
    length: number,
    values?: readonly [first: Tensor, second: Tensor],
  ): readonly [first: Variable, second: Variable] {
    const make = (moment: number): Variable =>
      tidy(() => {
        const placed = variable(zeros([length]), false);
        this.place(placed, offset, moment);
        copyStorage(values?.[moment - 1] ?? zeros([length]), placed);
        return placed;
      });
    return [make(1), make(2)];
  }

  /** Begin to read from the disk, or to write to it and give the memory back. */
  fetch(): void {
    fetchStorage(this.#state);
  }
  evict(): void {
    evictStorage(this.#state);
  }
  fetchShard(): void {
    fetchStorage(this.#shard);
  }
  evictShard(): void {
    evictStorage(this.#shard);
  }

  dispose(): void {
    this.#state.dispose();
  }
}
