import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Batch } from "./batch.js";

/** A made batch, taken over into this thread when it is called. */
export type TakeBatch = () => Batch;

/**
 * Batches that a worker thread has made and nobody has taken yet. They lie in their port, outside this thread's heap:
 * taken over as they come, a few large ones count there as growth of memory, which V8 answers with a full collection.
 */
export interface BatchInbox {
  /** To be called once for each batch that is in the port, in their order. */
  arrived(): TakeBatch;
  /** Takes everything that has arrived. Batches that nobody holds any more are garbage then. */
  takeAll(): void;
}

export function makeBatchInbox(port: MessagePort): BatchInbox {
  const untaken: { batch?: Batch }[] = [];

  /** Batches come out of the port in the order of their arrival only. */
  function takeFirst(): void {
    const first = untaken.shift();
    if (first) first.batch = receiveMessageOnPort(port)?.message as Batch;
  }

  return {
    arrived() {
      const place: { batch?: Batch } = {};
      untaken.push(place);
      return () => {
        while (place.batch === undefined && untaken.length > 0) takeFirst();
        return place.batch as Batch;
      };
    },
    takeAll() {
      while (untaken.length > 0) takeFirst();
    },
  };
}
