import type { Communicator, Request } from "./communicator.js";
import { MpiError } from "./errors.js";
import { type MpiContext, raise } from "./mpi-context.js";
import { MpiRequest } from "./mpi-request.js";
import type { NativeCommunicator } from "./native.js";
import { kinds, type Plan } from "./plan.js";
import { PlannedCommunicator } from "./planned-communicator.js";

/** A communicator of MPI. */
export class MpiCommunicator extends PlannedCommunicator {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly #context: MpiContext;
  readonly #handle: number;
  #derived = 0;
  #isFreed = false;

  constructor(context: MpiContext, { handle, name, rank, size }: NativeCommunicator) {
    super();
    this.#context = context;
    this.#handle = handle;
    this.name = name;
    this.rank = rank;
    this.size = size;
  }

  protected execute(plan: Plan): number {
    const code = this.#run(plan, true);
    if (code !== 0) raise(this.#context.native, plan.where, code);
    return plan.kind === "receive" ? this.#context.native.receivedCount() : 0;
  }

  protected begin(plan: Plan): Request {
    const id = this.#run(plan, false);
    if (id <= 0) raise(this.#context.native, plan.where, id === 0 ? -1 : -id);
    const { kind, where, input, output } = plan;
    return new MpiRequest(this.#context, id, where, kind === "receive", [input, output]);
  }

  split(color: number, { key = 0, name }: { key?: number; name?: string } = {}): Communicator | undefined {
    const where = `mpi split of "${this.name}"`;
    for (const [what, value] of Object.entries({ color, key }))
      if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31)
        throw new RangeError(`${where}: expected '${what}' to be a whole number of 32 bits, got ${value}.`);
    this.#derived++;
    return this.#derive(where, color, key, name ?? `${this.name}/${this.#derived}.${color}`, false);
  }

  dup(name?: string): Communicator {
    this.#derived++;
    const named = name ?? `${this.name}/${this.#derived}`;
    return this.#derive(`mpi dup of "${this.name}"`, 0, 0, named, true) as Communicator;
  }

  free(): void {
    const where = `mpi free of "${this.name}"`;
    this.#check(where);
    if (this.#handle === 0)
      throw new MpiError(`${where}: expected a communicator made by split or dup, got the world.`);
    if (!this.#context.native.free(this.#handle))
      throw new MpiError(`${where}: expected no operation under way, got some. Wait for their requests first.`);
    this.#isFreed = true;
  }

  #derive(where: string, color: number, key: number, name: string, duplicate: boolean): Communicator | undefined {
    this.#check(where);
    const made = this.#context.native.derive(this.#handle, color, key, name, duplicate);
    if (made === null) return undefined;
    if (typeof made === "object") return new MpiCommunicator(this.#context, made);
    return raise(this.#context.native, where, made) as undefined;
  }

  #run(plan: Plan, blocking: boolean): number {
    const { kind, where, count, elementType, reduction, peer, tag, input, output, counts } = plan;
    this.#check(where);
    return this.#context.native.run(
      kinds[kind],
      this.#handle,
      count,
      elementType,
      reduction,
      peer,
      tag,
      input?.data ?? null,
      output?.data ?? null,
      counts,
      blocking,
    );
  }

  #check(where: string): void {
    if (this.#context.isClosed) throw new MpiError(`${where}: expected an open MPI, got one that is closed.`);
    if (this.#isFreed) throw new MpiError(`${where}: expected a communicator in use, got one that is freed.`);
  }
}
