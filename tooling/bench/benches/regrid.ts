import { choosePeers } from "../harness/peers.js";
import { compare, runInTurn } from "../harness/run-in-turn.js";
import { ourSide, torchSide } from "../harness/sides.js";

export interface RegridOptions {
  readonly fields: number;
  readonly pairs: number;
  readonly peer?: true | string;
}

/** ERA5 at 0.25 degrees onto 5.625 and 1.40625 degrees; bytes per second are those of the source. */
export async function benchRegrid({ fields, pairs, peer }: RegridOptions): Promise<Record<string, unknown>> {
  const child = {
    fields,
    targets: [
      [32, 64],
      [128, 256],
    ],
  };
  const peers = choosePeers({ scipy: () => torchSide("regrid", child, "scipy") }, ["scipy"], peer);
  const runs = await runInTurn([ourSide("regrid", child), ...peers], pairs);
  const names = peers.map(({ name }) => name);
  return { bench: "regrid", fields, pairs, ...compare(runs, names, "milliseconds") };
}
