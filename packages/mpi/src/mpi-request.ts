import type { Request } from "./communicator.js";
import { type MpiContext, raise } from "./mpi-context.js";

type Outcome = { readonly count: number } | { readonly error: unknown };

interface Waiter {
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/** A non-blocking operation; holds its buffers until it is done. */
export class MpiRequest implements Request {
  readonly #context: MpiContext;
  readonly #id: number;
  readonly #where: string;
  readonly #receives: boolean;
  /** Memory that MPI reads or writes: held so that it is not collected. */
  buffers: readonly unknown[];
  #waiters: Waiter[] = [];
  #outcome: Outcome | undefined;

  constructor(context: MpiContext, id: number, where: string, receives: boolean, buffers: readonly unknown[]) {
    this.#context = context;
    this.#id = id;
    this.#where = where;
    this.#receives = receives;
    this.buffers = buffers;
    context.requests.set(id, this);
  }

  test(): boolean {
    if (!this.#outcome) {
      const code = this.#context.native.test(this.#id);
      if (code === null) return false;
      this.#settle(code);
    }
    this.#count();
    return true;
  }

  waitSync(): number {
    if (!this.#outcome) this.#settle(this.#context.native.wait(this.#id));
    return this.#count();
  }

  async wait(): Promise<number> {
    if (this.#outcome) return this.#count();
    this.#context.native.expect(this.#id);
    this.#context.await(1);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Called on the event loop when the watching thread has seen the operation done. */
  completed(): void {
    if (this.#outcome) return;
    const code = this.#context.native.test(this.#id);
    if (code !== null) this.#settle(code);
  }

  #settle(code: number): void {
    const { native, requests } = this.#context;
    try {
      raise(native, this.#where, code);
      this.#outcome = { count: this.#receives ? native.receivedCount() : 0 };
    } catch (error) {
      this.#outcome = { error };
    }
    requests.delete(this.#id);
    this.buffers = [];
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#context.await(-waiters.length);
    for (const { resolve, reject } of waiters) {
      if ("error" in this.#outcome) reject(this.#outcome.error);
      else resolve(this.#outcome.count);
    }
  }

  #count(): number {
    const outcome = this.#outcome as Outcome;
    if ("error" in outcome) throw outcome.error;
    return outcome.count;
  }
}
