import type { MpiBuffer } from "./buffer.js";

/** How values of the ranks become one. */
export type Reduction = "sum" | "product" | "min" | "max";

/** An operation under way. Its buffers belong to it until it is done: do not read, write, transfer or dispose of them. */
export interface Request {
  /** Resolves when it is done; the event loop goes on meanwhile. Elements received, for `startReceive`. */
  wait(): Promise<number>;
  /** Blocks until it is done. Elements received, for `startReceive`. */
  waitSync(): number;
  /** Whether it is done. */
  test(): boolean;
}

export interface ReductionOptions {
  /** Default `sum`. */
  readonly reduction?: Reduction;
}

export interface RaggedOptions {
  /** Elements of each rank, the same list on every rank; left out where all have as many. */
  readonly counts?: readonly number[];
}

/**
 * A group of ranks that compute together. Every rank must call the same collectives in the same order. A method returns when
 * its buffers may be used again; `start…` returns at once.
 *
 * All methods throw a `TypeError` or `RangeError` for arguments that do not fit, before anything is sent, and an `MpiError`
 * for what MPI reports.
 */
export interface Communicator {
  readonly name: string;
  /** This process among the ranks, from 0. */
  readonly rank: number;
  readonly size: number;

  /** Returns when every rank has called it. */
  barrier(): void;
  startBarrier(): Request;

  /** The root's values, to every rank. */
  broadcast(buffer: MpiBuffer, root?: number): void;
  startBroadcast(buffer: MpiBuffer, root?: number): Request;

  /** Reduces element by element over the ranks, in place: every rank gets the result. */
  allReduce(buffer: MpiBuffer, options?: ReductionOptions): void;
  startAllReduce(buffer: MpiBuffer, options?: ReductionOptions): Request;

  /** Reduces `input` over the ranks; rank r gets the r-th part in `output`. */
  reduceScatter(input: MpiBuffer, output: MpiBuffer, options?: ReductionOptions & RaggedOptions): void;
  startReduceScatter(input: MpiBuffer, output: MpiBuffer, options?: ReductionOptions & RaggedOptions): Request;

  /** Every rank's `input`, one behind the other in `output`. `input` may be this rank's own part of `output`. */
  allGather(input: MpiBuffer, output: MpiBuffer, options?: RaggedOptions): void;
  startAllGather(input: MpiBuffer, output: MpiBuffer, options?: RaggedOptions): Request;

  /** The r-th part of `input` goes to rank r; the r-th part of `output` came from rank r. */
  allToAll(input: MpiBuffer, output: MpiBuffer): void;
  startAllToAll(input: MpiBuffer, output: MpiBuffer): Request;

  /** Sends to one rank, which receives with the same tag. */
  send(buffer: MpiBuffer, to: number, tag?: number): void;
  startSend(buffer: MpiBuffer, to: number, tag?: number): Request;
  /** Returns how many elements came: at most as many as the buffer has. */
  receive(buffer: MpiBuffer, from: number, tag?: number): number;
  startReceive(buffer: MpiBuffer, from: number, tag?: number): Request;

  /**
   * Ranks of the same color form a new communicator, ordered by `key`, then by rank. Collective. Undefined for color −1.
   */
  split(color: number, options?: { readonly key?: number; readonly name?: string }): Communicator | undefined;
  /** The same ranks, with messages and collectives apart from this one's. Collective. */
  dup(name?: string): Communicator;
  /** Frees the communicator; it can't be used any more. Collective. */
  free(): void;
}
