import { elementBytesOf, type Memory } from "./buffer.js";
import type { Communicator, Request } from "./communicator.js";
import type { Plan } from "./plan.js";
import { type Derived, PlannedCommunicator } from "./planned-communicator.js";
import { SoloMessages } from "./solo-messages.js";

/**
 * A communicator of this process alone, without MPI: collectives copy, and messages go from the rank to itself. Code for
 * several ranks runs on it unchanged.
 *
 * Native memory is never copied: operations in place take it, others need arrays.
 */
export function soloCommunicator(name = "world"): Communicator {
  return new SoloCommunicator(name, true);
}

class SoloCommunicator extends PlannedCommunicator {
  readonly name: string;
  readonly rank = 0;
  readonly size = 1;
  protected readonly isWorld: boolean;
  readonly #messages = new SoloMessages();

  constructor(name: string, isWorld: boolean) {
    super();
    this.name = name;
    this.isWorld = isWorld;
  }

  protected run(plan: Plan): number {
    return this.start(plan).waitSync();
  }

  protected start(plan: Plan): Request {
    const { kind, where, input, output, tag } = plan;
    if (kind === "send") this.#messages.send(tag, bytesOf(where, input as Memory));
    if (kind === "receive") {
      const memory = output as Memory;
      return this.#messages.receive(where, tag, bytesOf(where, memory), elementBytesOf(memory));
    }
    if (input && output && input.length > 0) bytesOf(where, output).set(bytesOf(where, input));
    return done;
  }

  protected derive(_where: string, { color, name }: Derived): Communicator | undefined {
    return color < 0 ? undefined : new SoloCommunicator(name, false);
  }

  protected release(): boolean {
    return !this.#messages.isWaiting;
  }
}

const done: Request = { wait: async () => 0, waitSync: () => 0, test: () => true };

function bytesOf(where: string, { data }: Memory): Uint8Array {
  if (typeof data !== "bigint") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError(
    `${where}: expected typed arrays, got native memory: one rank without MPI can't copy it. Work in place, or use openMpi().`,
  );
}
