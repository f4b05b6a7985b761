import type { Communicator, Request } from "./communicator.js";
import { MpiError } from "./errors.js";
import { type MpiContext, raise } from "./mpi-context.js";
import { MpiRequest } from "./mpi-request.js";
import type { NativeCommunicator } from "./native.js";
import { kinds, type Plan } from "./plan.js";
import { type Derived, PlannedCommunicator } from "./planned-communicator.js";

/** A communicator of MPI. */
export class MpiCommunicator extends PlannedCommunicator {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly #context: MpiContext;
  readonly #handle: number;

  constructor(context: MpiContext, { handle, name, rank, size }: NativeCommunicator) {
    super();
    this.#context = context;
    this.#handle = handle;
    this.name = name;
    this.rank = rank;
    this.size = size;
  }

  protected get isWorld(): boolean {
    return this.#handle === 0;
  }

  protected run(plan: Plan): number {
    const code = this.#call(plan, true);
    if (code !== 0) raise(this.#context.native, plan.where, code);
    return plan.kind === "receive" ? this.#context.native.receivedCount() : 0;
  }

  protected start(plan: Plan): Request {
    const id = this.#call(plan, false);
    if (id <= 0) raise(this.#context.native, plan.where, id === 0 ? -1 : -id);
    const { kind, where, input, output } = plan;
    return new MpiRequest(this.#context, id, where, kind === "receive", [input, output]);
  }

  protected derive(where: string, { color, key, name, isSplit }: Derived): Communicator | undefined {
    const made = this.#context.native.derive(this.#handle, color, key, name, !isSplit);
    if (made === null) return undefined;
    if (typeof made === "object") return new MpiCommunicator(this.#context, made);
    return raise(this.#context.native, where, made) as undefined;
  }

  protected release(): boolean {
    return this.#context.native.free(this.#handle);
  }

  protected override checkUse(where: string): void {
    if (this.#context.isClosed) throw new MpiError(`${where}: expected an open MPI, got one that is closed.`);
    super.checkUse(where);
  }

  #call(plan: Plan, blocking: boolean): number {
    const { kind, count, elementType, reduction, peer, tag, input, output, counts } = plan;
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
}
