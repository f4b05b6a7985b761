import { MissingDependencyError } from "@graticule/core";
import type { Communicator, Request } from "./communicator.js";
import { deviceCollectivesNames } from "./device-collectives.js";
import { MpiError } from "./errors.js";
import { type MpiContext, raise } from "./mpi-context.js";
import { MpiRequest } from "./mpi-request.js";
import type { Native, NativeCommunicator } from "./native.js";
import { kinds, type Plan } from "./plan.js";
import { type Derived, PlannedCommunicator } from "./planned-communicator.js";

/** A communicator of MPI. */
export class MpiCommunicator extends PlannedCommunicator {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly #context: MpiContext;
  readonly #handle: number;
  /** The device whose memory it has worked on, and how that travels. */
  #device: { readonly name: string; readonly travels: string } | undefined;

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

  /** See `openDeviceCollectives`. */
  openDevice(where: string, name: string): string {
    if (this.#device?.name === name) return this.#device.travels;
    if (this.#device)
      throw new MpiError(
        `${where}: expected memory of ${this.#device.name}, as in the first collective, got ${name}. Use one device a rank.`,
      );
    const { native, deviceCollectives } = this.#context;
    openRuntime(native, where, name);
    const wanted = deviceCollectivesNames.indexOf(deviceCollectives);
    const travels = onDevice(where, () => native.openDevicePath(this.#handle, indexOf(name), wanted));
    if (typeof travels === "number") return raise(native, where, travels) as never;
    this.#device = { name, travels };
    return travels;
  }

  #call(plan: Plan, blocking: boolean): number {
    const { where, kind, device } = plan;
    if (device === null) return this.#run(plan, blocking, -1);
    if (kind === "send" || kind === "receive") openRuntime(this.#context.native, where, device);
    else this.openDevice(where, device);
    return onDevice(where, () => this.#run(plan, blocking, indexOf(device)));
  }

  #run(plan: Plan, blocking: boolean, device: number): number {
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
      device,
    );
  }
}

function openRuntime(native: Native, where: string, device: string): void {
  try {
    native.openDeviceRuntime(device.split(":")[0] as string);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MissingDependencyError("gpu-runtime", `${where}: ${reason}.`, { cause });
  }
}

/** Says where, in what the addon throws for memory or a device that does not fit. */
function onDevice<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const text = `${where}: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw cause instanceof TypeError ? new TypeError(text, { cause }) : new MpiError(text, { cause });
  }
}

const indexOf = (device: string): number => Number(device.split(":")[1]);
