import {
  copyStorage,
  evictStorage,
  fetchStorage,
  makeFileTensor,
  makeHostTensor,
  placeStorage,
} from "@graticule/tfjs-backend-torch";
import { keep, type Tensor, tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";

/** Where state lies while it is not used: in a file of a folder, or in the host's memory. */
export type StateHome = { readonly folder: string } | "host";

/**
 * A shard and what the optimizer keeps of it, where the device's memory has no need of them: in a file that is mapped, or
 * in page-locked memory of the host. Tensors stay usable, on the CPU; the disk gives their values when they are used.
 * Layout: float32, the shard, then each moment, in the shard's order.
 *
 * Source: Ren et al. 2021 (ZeRO-Offload), arXiv:2101.06840; Rajbhandari et al. 2021, arXiv:2104.07857.
 */
export class OffloadedState {
  /** All of it, and the shard alone. */
  readonly #state: Tensor;
  readonly #shard: Tensor;

  /** Moves a shard, whose values are lost, there. */
  constructor(shard: Tensor, home: StateHome, moments: number) {
    this.#shard = shard;
    const length = (1 + moments) * shard.size;
    this.#state = keep(home === "host" ? makeHostTensor(length) : makeFileTensor(home.folder, length));
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

  /** Begin to read from the disk, or to write to it and give the memory back; nothing where the host holds it. */
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
