import { expectation, GraticuleError } from "@graticule/core";
import type { Batch, Loader } from "@graticule/data";
import type { Communicator } from "@graticule/mpi";

/**
 * A loader of whole images for a model that needs all channels of them, such as a masked autoencoder's loss, where each rank
 * of a group reads some of the channels alone: they bring them together with each batch. A sample that one rank can't read is
 * left out on all. Every rank iterates alike. Collective.
 *
 * @param loader whose samples have this rank's channels; its schema has all.
 * @param held this rank's channels, by their places in the schema and rising; each is on one rank.
 */
export async function gatherChannels(loader: Loader, group: Communicator, held: readonly number[]): Promise<Loader> {
  const { length: channels } = loader.schema;
  const heldBy = await gatherLists(group, held, channels);
  const parts = new WeakMap<Batch, Batch>();
  const spare: Float32Array[] = [];
  let gathered = new Float32Array(0);

  /** `[B, C, H, W]` of the parts of all ranks. */
  async function joinParts(own: Float32Array, batch: number, plane: number): Promise<Float32Array> {
    const counts = heldBy.map((list) => batch * list.length * plane);
    const size = batch * channels * plane;
    if (gathered.length !== size) gathered = new Float32Array(size);
    await group.startAllGather(own, gathered, { counts }).wait();
    const given = spare.pop();
    const images = given?.length === size ? given : new Float32Array(size);
    let from = 0;
    for (const list of heldBy)
      for (let image = 0; image < batch; image++)
        for (const channel of list) {
          images.set(gathered.subarray(from, from + plane), (image * channels + channel) * plane);
          from += plane;
        }
    return images;
  }

  async function wholeOf(read: Batch): Promise<Batch> {
    const lists = await gatherLists(group, [read.start, ...read.indices], loader.globalBatchSize + 1);
    if (lists.some(([start]) => start !== read.start)) throw outOfStep(read.start, lists);
    const isOnAll = (index: number): boolean => lists.every(([, ...indices]) => indices.includes(index));
    const part = read.indices.every(isOnAll) ? read : keepSamples(read, isOnAll);
    const [batch, , height, width] = part.shape;
    if (batch === 0) return part;
    const whole = {
      ...part,
      images: await joinParts(part.images, batch, height * width),
      shape: [batch, channels, height, width] as const,
    };
    parts.set(whole, read);
    return whole;
  }

  return {
    ...loader,
    async *epoch(...position) {
      for await (const part of loader.epoch(...position)) yield await wholeOf(part);
    },
    recycle(whole) {
      const part = parts.get(whole);
      if (!part) return;
      parts.delete(whole);
      loader.recycle(part);
      // Its memory moves on, so that a use after this shows.
      spare[0] = structuredClone(whole.images, { transfer: [whole.images.buffer as ArrayBuffer] });
    },
  };
}

/** Each rank's whole numbers, `most` at most. Collective. */
async function gatherLists(group: Communicator, values: readonly number[], most: number): Promise<number[][]> {
  const own = new Int32Array(most + 1);
  own[0] = values.length;
  own.set(values, 1);
  const all = new Int32Array(group.size * own.length);
  await group.startAllGather(own, all).wait();
  return Array.from({ length: group.size }, (_, rank) => {
    const [count = 0, ...list] = all.subarray(rank * own.length, (rank + 1) * own.length);
    return list.slice(0, count);
  });
}

/** A batch of those samples that are kept. */
function keepSamples(batch: Batch, isKept: (index: number) => boolean): Batch {
  const places = Array.from(batch.indices.keys()).filter((place) => isKept(batch.indices[place] as number));
  const rows = (data: Float32Array): Float32Array => {
    const size = data.length / batch.indices.length;
    const kept = new Float32Array(places.length * size);
    for (const [to, place] of places.entries()) kept.set(data.subarray(place * size, (place + 1) * size), to * size);
    return kept;
  };
  const arrays = Object.entries(batch.arrays).map(([name, array]) => {
    const shape = [places.length, ...array.shape.slice(1)];
    return [name, { ...array, data: rows(array.data), shape }];
  });
  return {
    ...batch,
    images: rows(batch.images),
    shape: [places.length, ...(batch.shape.slice(1) as [number, number, number])],
    labels: Int32Array.from(places, (place) => batch.labels[place] as number),
    indices: Int32Array.from(places, (place) => batch.indices[place] as number),
    arrays: Object.fromEntries(arrays),
  };
}

/** A rank without a readable sample in its part skips the batch. */
function outOfStep(start: number, lists: readonly (readonly number[])[]): GraticuleError {
  const starts = lists.map(([each]) => each).join(", ");
  const advice = "One of them could read no sample of a batch: mend or remove the files that are named as skipped.";
  return new GraticuleError(
    "GRATICULE_NO_DATA",
    expectation(`batch at ${start}`, "the same on all ranks", starts, advice),
  );
}
