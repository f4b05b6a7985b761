import type { Communicator } from "@graticule/mpi";
import type { Parameter } from "@graticule/nn";
import { collectiveBuffer } from "./collective-buffer.js";

/** Gives every rank of a group the values of its rank 0. Collective. */
export function broadcastParameter({ variable }: Parameter, group: Communicator): void {
  const copy = collectiveBuffer(variable.clone());
  group.broadcast(copy.buffer);
  const values = copy.finish();
  variable.assign(values);
  values.dispose();
}
