import type { Logger } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import type { TrainOptions } from "@graticule/train";

/** What a run takes beside its folder and configuration. */
export interface RanksRunOptions {
  /** The ranks that share the run; this process alone unless given. Every rank calls with the same arguments. */
  readonly world?: Communicator;
  readonly resume?: boolean;
  readonly logger?: Logger;
  /** Where to show progress; nowhere unless given. */
  readonly progressStream?: NonNullable<TrainOptions["progressStream"]>;
}
