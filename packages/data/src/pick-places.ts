/** The elements at some places of a list, in the order of the places. */
export const pickPlaces = <T>(list: readonly T[], places: readonly number[]): T[] =>
  places.map((place) => list[place] as T);
