import type { Communicator } from "@graticule/mpi";
import type { Module } from "@graticule/nn";

/**
 * L2 norm of the gradient of a model that is divided among the ranks of a group, the same on all of them: slices, and
 * groups of channels that one rank has, count from each rank, what all have alike once. Collective.
 *
 * @param squares sums of squares of this rank's gradients, by the parameter's path.
 */
export function gradientNormOfGroup(model: Module, group: Communicator, squares: ReadonlyMap<string, number>): number {
  const parameters = new Map(model.namedParameters());
  const ownModules = model
    .namedModules()
    .flatMap(([path, module]) => (sharesGroups(module) ? [`${path}.groups.`] : []));
  let alike = 0;
  let parts = 0;
  for (const [path, square] of squares) {
    const isPart = parameters.get(path)?.slice || ownModules.some((prefix) => path.startsWith(prefix));
    if (isPart) parts += square;
    else alike += square;
  }
  // Of what all have alike rank 0's counts, since sums may differ in the last bit.
  const total = Float64Array.of(group.rank === 0 ? alike + parts : parts);
  group.allReduce(total);
  return Math.sqrt(total[0] as number);
}

function sharesGroups(module: Module): boolean {
  return "ownGroups" in module && module.ownGroups !== undefined;
}
