import type { Request } from "./communicator.js";
import { MpiError } from "./errors.js";

/** Messages of a rank to itself: each goes to the first receive of its tag, in order. */
export class SoloMessages {
  #sent: { readonly tag: number; readonly bytes: Uint8Array }[] = [];
  #receives: SoloReceive[] = [];

  /** Whether a receive is under way. */
  get isWaiting(): boolean {
    return this.#receives.length > 0;
  }

  /** Copies the bytes: the buffer may be used again at once. */
  send(tag: number, bytes: Uint8Array): void {
    const receive = this.#receives.find((each) => each.tag === tag);
    if (receive) {
      this.#receives = this.#receives.filter((each) => each !== receive);
      receive.take(bytes);
    } else this.#sent.push({ tag, bytes: bytes.slice() });
  }

  receive(where: string, tag: number, buffer: Uint8Array, elementBytes: number): Request {
    const receive = new SoloReceive(where, tag, buffer, elementBytes);
    const message = this.#sent.find((each) => each.tag === tag);
    if (message) {
      this.#sent = this.#sent.filter((each) => each !== message);
      receive.take(message.bytes);
    } else this.#receives.push(receive);
    return receive;
  }
}

class SoloReceive implements Request {
  readonly tag: number;
  readonly #where: string;
  readonly #buffer: Uint8Array;
  readonly #elementBytes: number;
  readonly #came: Promise<void>;
  #resolve: () => void = () => {};
  #receivedBytes: number | undefined;

  constructor(where: string, tag: number, buffer: Uint8Array, elementBytes: number) {
    this.tag = tag;
    this.#where = where;
    this.#buffer = buffer;
    this.#elementBytes = elementBytes;
    this.#came = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  take(bytes: Uint8Array): void {
    this.#buffer.set(bytes.subarray(0, this.#buffer.length));
    this.#receivedBytes = bytes.length;
    this.#resolve();
  }

  async wait(): Promise<number> {
    await this.#came;
    return this.waitSync();
  }

  waitSync(): number {
    if (this.#receivedBytes === undefined)
      throw new MpiError(
        `${this.#where}: expected a message that was sent before, got none: a rank alone would wait for ever. Start the receive, send, then wait.`,
      );
    if (this.#receivedBytes > this.#buffer.length)
      throw new MpiError(
        `${this.#where}: MPI_ERR_TRUNCATE: expected at most ${this.#buffer.length} bytes, got ${this.#receivedBytes}.`,
      );
    return this.#receivedBytes / this.#elementBytes;
  }

  test(): boolean {
    if (this.#receivedBytes === undefined) return false;
    this.waitSync();
    return true;
  }
}
