import type { Parameter } from "@graticule/nn";

/** A parameter's place in its unit's flat buffer, and the part of it that lies in this rank's shard. */
export interface FlatParameter {
  readonly path: string;
  readonly parameter: Parameter;
  /** Its first value in the flat buffer. */
  readonly offset: number;
  /** First of its values, row-major, that this rank holds, and how many: 0 where the shard has none of it. */
  readonly start: number;
  readonly length: number;
  /** Where these lie in the shard. */
  readonly inShard: number;
}

export interface FlatLayout {
  readonly parameters: readonly FlatParameter[];
  /** Values of one rank's shard; the last shards may end in padding. */
  readonly shardSize: number;
}

/** Lays parameters one behind the other and cuts them into equal shards, one for each rank, across their bounds. */
export function layOutFlat(
  parameters: readonly (readonly [path: string, parameter: Parameter])[],
  ranks: number,
  rank: number,
): FlatLayout {
  const total = parameters.reduce((sum, [, { size }]) => sum + size, 0);
  const shardSize = Math.ceil(total / ranks);
  const [first, end] = [rank * shardSize, (rank + 1) * shardSize];
  let offset = 0;
  const placed = parameters.map(([path, parameter]) => {
    const start = Math.min(Math.max(first - offset, 0), parameter.size);
    const length = Math.max(Math.min(end - offset, parameter.size) - start, 0);
    const at = { path, parameter, offset, start, length, inShard: length > 0 ? offset + start - first : 0 };
    offset += parameter.size;
    return at;
  });
  return { parameters: placed, shardSize };
}
