/** Parameters whose gradients travel together. */
export interface BucketPlan {
  readonly paths: readonly string[];
  /** Number of values of each. */
  readonly sizes: readonly number[];
}

interface Sized {
  readonly path: string;
  readonly size: number;
}

/** The last layers' gradients come first: a small first bucket starts the reduction early. PyTorch's size. */
const FIRST_BUCKET_BYTES = 1024 * 1024;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/**
 * Cuts parameters, given in the order of the forward pass, into buckets in the order in which the backward pass gives
 * their gradients. A parameter larger than a bucket has one for itself.
 *
 * Source: Li et al. 2020, §3.2.3, arXiv:2006.15704.
 */
export function planBuckets(parameters: readonly Sized[], bucketBytes: number): readonly BucketPlan[] {
  const buckets: { paths: string[]; sizes: number[] }[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const { path, size } of [...parameters].reverse()) {
    const limit = buckets.length === 1 ? Math.min(FIRST_BUCKET_BYTES, bucketBytes) : bucketBytes;
    if (bytes + size * BYTES > limit) {
      buckets.push({ paths: [], sizes: [] });
      bytes = 0;
    }
    const bucket = buckets.at(-1) as (typeof buckets)[number];
    bucket.paths.push(path);
    bucket.sizes.push(size);
    bytes += size * BYTES;
  }
  return buckets;
}
