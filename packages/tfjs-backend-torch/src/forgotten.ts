import { boundAddon } from "./kernel-call.js";
import type { TorchData } from "./torch-data.js";

/**
 * Gives back the storages of tensors that a script dropped without disposing of them, once V8 has collected them.
 *
 * To register an object with a FinalizationRegistry costs more than a tenth of a small op, and most tensors are disposed
 * of within microseconds. So new ones first wait in a short list, and only those that still live when it is full, or when
 * the event loop turns, are registered.
 */
export class ForgottenTensors {
  private readonly young = new Array<TorchData | undefined>(512).fill(undefined);
  private count = 0;
  private scheduled = false;
  private hintAt = leastHintBytes;
  private readonly registry: FinalizationRegistry<number>;

  /** `onGivenBack` is called for each tensor given back. */
  constructor(onGivenBack: () => void) {
    this.registry = new FinalizationRegistry((handle) => {
      if (boundAddon().disposeIfLive(handle)) onGivenBack();
      this.hintAt = Math.max(leastHintBytes, 2 * boundAddon().liveBytes());
    });
  }

  watch(data: TorchData): TorchData {
    this.young[this.count++] = data;
    if (this.count === this.young.length) this.flush();
    else if (!this.scheduled) this.schedule();
    return data;
  }

  private schedule(): void {
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    }).unref();
  }

  private flush(): void {
    for (let i = 0; i < this.count; i++) {
      const data = this.young[i] as TorchData;
      this.young[i] = undefined;
      if (data.handle >= 0) this.registry.register(data, data.handle);
    }
    this.count = 0;
    // A wrapper of bytes may hold gigabytes, which V8 does not see: it is told each time that they have doubled.
    const live = boundAddon().liveBytes();
    if (live < this.hintAt) return;
    this.hintAt = 2 * live;
    boundAddon().hintCollection();
  }
}

const leastHintBytes = 2 ** 28;
