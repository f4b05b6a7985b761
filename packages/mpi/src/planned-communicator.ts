import type { MpiBuffer } from "./buffer.js";
import type { Communicator, RaggedOptions, ReductionOptions, Request } from "./communicator.js";
import { MpiError } from "./errors.js";
import {
  type Plan,
  planAllGather,
  planAllReduce,
  planAllToAll,
  planBarrier,
  planBroadcast,
  planMessage,
  planReduceScatter,
} from "./plan.js";

/** Checks arguments; what is behind it only carries plans out, blocking or not. */
export abstract class PlannedCommunicator implements Communicator {
  abstract readonly name: string;
  abstract readonly rank: number;
  abstract readonly size: number;
  /** The world is not freed. */
  protected abstract readonly isWorld: boolean;
  #derived = 0;
  #isFreed = false;

  /** Returns the elements received. */
  protected abstract run(plan: Plan): number;
  protected abstract start(plan: Plan): Request;
  /** Undefined for a color below 0. */
  protected abstract derive(where: string, group: Derived): Communicator | undefined;
  /** Returns false while operations are under way. */
  protected abstract release(): boolean;

  split(color: number, { key = 0, name }: { key?: number; name?: string } = {}): Communicator | undefined {
    const where = `mpi split of "${this.name}"`;
    for (const [what, value] of Object.entries({ color, key }))
      if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31)
        throw new RangeError(`${where}: expected '${what}' to be a whole number of 32 bits, got ${value}.`);
    this.checkUse(where);
    this.#derived++;
    return this.derive(where, { color, key, name: name ?? `${this.name}/${this.#derived}.${color}`, isSplit: true });
  }

  dup(name?: string): Communicator {
    const where = `mpi dup of "${this.name}"`;
    this.checkUse(where);
    this.#derived++;
    const group = { color: 0, key: 0, name: name ?? `${this.name}/${this.#derived}`, isSplit: false };
    return this.derive(where, group) as Communicator;
  }

  free(): void {
    const where = `mpi free of "${this.name}"`;
    this.checkUse(where);
    if (this.isWorld) throw new MpiError(`${where}: expected a communicator made by split or dup, got the world.`);
    if (!this.release())
      throw new MpiError(`${where}: expected no operation under way, got some. Wait for their requests first.`);
    this.#isFreed = true;
  }

  /** Throws if the communicator is freed. */
  protected checkUse(where: string): void {
    if (this.#isFreed) throw new MpiError(`${where}: expected a communicator in use, got one that is freed.`);
  }

  private execute(plan: Plan): number {
    this.checkUse(plan.where);
    return this.run(plan);
  }

  private begin(plan: Plan): Request {
    this.checkUse(plan.where);
    return this.start(plan);
  }

  barrier(): void {
    this.execute(planBarrier(this));
  }
  startBarrier(): Request {
    return this.begin(planBarrier(this));
  }

  broadcast(buffer: MpiBuffer, root = 0): void {
    this.execute(planBroadcast(this, buffer, root));
  }
  startBroadcast(buffer: MpiBuffer, root = 0): Request {
    return this.begin(planBroadcast(this, buffer, root));
  }

  allReduce(buffer: MpiBuffer, options: ReductionOptions = {}): void {
    this.execute(planAllReduce(this, buffer, options));
  }
  startAllReduce(buffer: MpiBuffer, options: ReductionOptions = {}): Request {
    return this.begin(planAllReduce(this, buffer, options));
  }

  reduceScatter(input: MpiBuffer, output: MpiBuffer, options: ReductionOptions & RaggedOptions = {}): void {
    this.execute(planReduceScatter(this, input, output, options));
  }
  startReduceScatter(input: MpiBuffer, output: MpiBuffer, options: ReductionOptions & RaggedOptions = {}): Request {
    return this.begin(planReduceScatter(this, input, output, options));
  }

  allGather(input: MpiBuffer, output: MpiBuffer, options: RaggedOptions = {}): void {
    this.execute(planAllGather(this, input, output, options));
  }
  startAllGather(input: MpiBuffer, output: MpiBuffer, options: RaggedOptions = {}): Request {
    return this.begin(planAllGather(this, input, output, options));
  }

  allToAll(input: MpiBuffer, output: MpiBuffer): void {
    this.execute(planAllToAll(this, input, output));
  }
  startAllToAll(input: MpiBuffer, output: MpiBuffer): Request {
    return this.begin(planAllToAll(this, input, output));
  }

  send(buffer: MpiBuffer, to: number, tag = 0): void {
    this.execute(planMessage(this, "send", buffer, to, tag));
  }
  startSend(buffer: MpiBuffer, to: number, tag = 0): Request {
    return this.begin(planMessage(this, "send", buffer, to, tag));
  }

  receive(buffer: MpiBuffer, from: number, tag = 0): number {
    return this.execute(planMessage(this, "receive", buffer, from, tag));
  }
  startReceive(buffer: MpiBuffer, from: number, tag = 0): Request {
    return this.begin(planMessage(this, "receive", buffer, from, tag));
  }
}

/** A communicator to be made: of the ranks of one color, or of all for a duplicate. */
export interface Derived {
  readonly color: number;
  readonly key: number;
  readonly name: string;
  readonly isSplit: boolean;
}
