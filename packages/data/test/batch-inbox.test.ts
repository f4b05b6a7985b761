import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { type BatchInbox, makeBatchInbox } from "../src/batch-inbox.js";
import type { Batch } from "../src/index.js";

const BATCH_MB = 32;

/** An inbox into which the returned function posts a batch that begins at that sample. */
function openInbox(): { inbox: BatchInbox; post: (start: number) => void } {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  function post(start: number): void {
    const images = new Float32Array((BATCH_MB * 2 ** 20) / 4);
    port2.postMessage({ images, start }, [images.buffer]);
  }
  return { inbox: makeBatchInbox(port1), post };
}

const starts = (batches: Batch[]): number[] => batches.map(({ start }) => start);

test("a batch counts as memory of this thread from when it is taken", () => {
  const { inbox, post } = openInbox();
  const externalMB = () => process.memoryUsage().external / 2 ** 20;
  const before = externalMB();
  const batches = [0, 1, 2].map((start) => {
    post(start);
    return inbox.arrived();
  });
  expect(externalMB() - before).toBeLessThan(1);
  const first = batches[0]?.();
  expect(Math.round(externalMB() - before)).toBe(BATCH_MB);
  expect(first?.images.byteLength).toBe(BATCH_MB * 2 ** 20);
});

test("batches can be taken in any order, before and after the inbox is emptied", () => {
  const { inbox, post } = openInbox();
  const batches = [0, 1, 2, 3].map((start) => {
    post(start);
    return inbox.arrived();
  });
  const taken = [1, 0].map((place) => batches[place]?.() as Batch);
  inbox.takeAll();
  taken.push(...[3, 2].map((place) => batches[place]?.() as Batch));
  expect(starts(taken)).toEqual([1, 0, 3, 2]);
});

test("what arrives after the inbox was emptied is not mistaken for what it held", () => {
  const { inbox, post } = openInbox();
  post(0);
  inbox.arrived();
  post(1); // In the port, but not told of yet.
  inbox.takeAll();
  const second = inbox.arrived();
  post(2);
  const third = inbox.arrived();
  expect(starts([second(), third()])).toEqual([1, 2]);
});
