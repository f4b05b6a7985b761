import type { MpiBuffer } from "./buffer.js";
import type { Communicator, RaggedOptions, ReductionOptions, Request } from "./communicator.js";
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

  /** Returns the elements received. */
  protected abstract execute(plan: Plan): number;
  protected abstract begin(plan: Plan): Request;

  abstract split(color: number, options?: { key?: number; name?: string }): Communicator | undefined;
  abstract dup(name?: string): Communicator;
  abstract free(): void;

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
